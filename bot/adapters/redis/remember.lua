-- Append a turn once per question: 1 when appended, 0 when it was there. Each turn reads `question id, line feed, JSON`.
-- KEYS: conversation. ARGV: question id, JSON, turns kept, seconds kept.
local mark = ARGV[1] .. '\n'
for _, turn in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if string.sub(turn, 1, #mark) == mark then
    return 0
  end
end
redis.call('RPUSH', KEYS[1], mark .. ARGV[2])
redis.call('LTRIM', KEYS[1], -ARGV[3], -1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
