-- The record as JSON, or nothing; from now on writers with a lower fence are refused.
-- KEYS: record. ARGV: fence, seconds kept.
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'fence') or 0) then
  redis.call('HSET', KEYS[1], 'fence', ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return redis.call('HGET', KEYS[1], 'json')
