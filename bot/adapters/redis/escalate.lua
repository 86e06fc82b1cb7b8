-- Open an escalation unless its question has one: 1 when opened, else 0.
-- KEYS: escalation, escalated questions by time. ARGV: JSON, seconds kept, when, question id.
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', redis.call('TIME')[1] - ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
