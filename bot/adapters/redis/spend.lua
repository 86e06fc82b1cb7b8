-- Add to what the day has cost, all in all and for one person.
-- KEYS: the day. ARGV: now in ms or nothing (the server's clock), person, dollars.
local today, now, DAY = KEYS[1], tonumber(ARGV[1]), 86400
now = now and now / 1000 or tonumber(redis.call('TIME')[1])
local day = math.floor(now / DAY)
if tonumber(redis.call('HGET', today, 'day') or 0) < day then
  redis.call('DEL', today)
  redis.call('HSET', today, 'day', day)
  redis.call('EXPIRE', today, 2 * DAY)
end
for _, field in ipairs({'dollars', 'dollars/' .. ARGV[2]}) do
  redis.call('HSET', today, field, string.format('%.9f', (redis.call('HGET', today, field) or 0) + ARGV[3]))
end
return 1
