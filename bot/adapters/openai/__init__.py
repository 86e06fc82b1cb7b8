"""Any server that speaks OpenAI's API: Ollama, vLLM, llama.cpp, a gateway, or OpenAI itself."""
