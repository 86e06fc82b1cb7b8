-- Count a question, or say which limit it would exceed; asked again of the same question, say the same.
-- KEYS: what was said of the question, the person's questions, the channel's, the workspace's, the day, the lines.
-- ARGV: now in ms or nothing (the server's clock), member, person, lines within a minute,
--       the limits: person_minute, person_day, channel_day, workspace_day, person_cost, workspace_cost.
-- Returns {} when it counts, else {scope, ms until the asker may ask again, which line it is}.
local SECOND, MINUTE, DAY = 1000, 60000, 86400000
local said, persons, channels, workspaces, today, lines = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local member, person = ARGV[2], ARGV[3]
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local before = redis.call('GET', said)
if before then
  local scope, ends, line = string.match(before, '^(%S+) (%d+) (%d+)$')
  return scope and {scope, math.max(0, ends - now), tonumber(line)} or {}
end

local day = math.floor(now / DAY)
if tonumber(redis.call('HGET', today, 'day') or 0) < day then
  redis.call('DEL', today)
  redis.call('HSET', today, 'day', day)
  redis.call('EXPIRE', today, 2 * DAY / SECOND)
end

local function add(field)
  redis.call('HSET', today, field, (redis.call('HGET', today, field) or 0) + 1)
end

-- The moment from which there is room for one more within `span`; nothing where there is room.
local function full(key, limit, span)
  local first = limit > 0 and redis.call('ZREVRANGE', key, limit - 1, limit - 1, 'WITHSCORES')[2]
  return first and first + span > now and first + span or nil
end

local function spent(field, limit)
  return limit > 0 and tonumber(redis.call('HGET', today, field) or 0) >= limit and (day + 1) * DAY or nil
end

local function count(key, span)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - span)
  redis.call('ZADD', key, now, member)
  redis.call('EXPIRE', key, span / SECOND)
end

-- Which line this is: of more than the most within a minute, none.
local function next_line(most)
  local line = #redis.call('ZRANGEBYSCORE', lines, now - MINUTE + 1, '+inf') + 1
  if line > most then
    return 0
  end
  count(lines, MINUTE)
  return line
end

local limits = {}
for i = 5, 10 do
  limits[#limits + 1] = tonumber(ARGV[i])
end
local looks = {
  {'person_minute', full(persons, limits[1], MINUTE)}, {'person_day', full(persons, limits[2], DAY)},
  {'channel_day', full(channels, limits[3], DAY)}, {'workspace_day', full(workspaces, limits[4], DAY)},
  {'person_cost', spent('dollars/' .. person, limits[5])}, {'workspace_cost', spent('dollars', limits[6])},
}
for _, look in ipairs(looks) do
  local scope, ends = look[1], look[2]
  if ends then
    local line = next_line(tonumber(ARGV[4]))
    add('away/' .. scope)
    add('person/' .. person)
    redis.call('SET', said, string.format('%s %d %d', scope, ends, line), 'EX', DAY / SECOND)
    return {scope, ends - now, line}
  end
end
for key, limit in pairs({[persons] = limits[1] + limits[2], [channels] = limits[3], [workspaces] = limits[4]}) do
  if limit > 0 then
    count(key, DAY)
  end
end
redis.call('SET', said, 'counted', 'EX', DAY / SECOND)
return {}
