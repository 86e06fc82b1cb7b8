-- Store a record: 1 when stored, 0 when a higher fence was seen.
-- KEYS: record. ARGV: fence, JSON, seconds kept.
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'fence') or 0) then
  return 0
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'json', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
