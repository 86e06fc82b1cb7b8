-- Keep a turn once per question; a question that is answered anew replaces its turn.
-- KEYS: conversation. ARGV: question id, JSON, turns kept, seconds kept. Each turn reads `question id, line feed, JSON`.
local mark = ARGV[1] .. '\n'
for position, turn in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if string.sub(turn, 1, #mark) == mark then
    redis.call('LSET', KEYS[1], position - 1, mark .. ARGV[2])
    return redis.call('EXPIRE', KEYS[1], ARGV[4])
  end
end
redis.call('RPUSH', KEYS[1], mark .. ARGV[2])
redis.call('LTRIM', KEYS[1], -ARGV[3], -1)
return redis.call('EXPIRE', KEYS[1], ARGV[4])
