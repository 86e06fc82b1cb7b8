-- What is known of this day: its fields and their values; nothing where all that is known is of an earlier one.
-- KEYS: the day. ARGV: now in ms or nothing (the server's clock).
local now, DAY = tonumber(ARGV[1]), 86400
now = now and now / 1000 or tonumber(redis.call('TIME')[1])
if tonumber(redis.call('HGET', KEYS[1], 'day') or 0) < math.floor(now / DAY) then
  return {}
end
return redis.call('HGETALL', KEYS[1])
