"""OpenTelemetry's SDK: where spans and metrics go, when somebody collects them."""
