-- Store a record and list it: 1 when stored, 0 when a higher fence was seen.
-- KEYS: record, then lists of questions by time. ARGV: fence, JSON, seconds kept, question id, when it was asked.
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'fence') or 0) then
  return 0
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'json', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
for i = 2, #KEYS do
  redis.call('ZADD', KEYS[i], ARGV[5], ARGV[4])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', redis.call('TIME')[1] - ARGV[3])
  redis.call('EXPIRE', KEYS[i], ARGV[3])
end
return 1
