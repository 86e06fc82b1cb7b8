-- Lease jobs: those whose lease ran out, oldest first, then new ones.
-- KEYS: as in line_up.lua, then leases, fence, dead. ARGV: group, lease in ms, how many, ms that dead letters are kept, who
-- asks, their number for this call, and the number of the first call since whose reply they heard none.
-- Returns {{{id, fields, deliveries, fence, age in ms, 1 if its holder let it run out}, ...}, the last id that was ever
-- leased if none is now}.
local leases, fence, dead = KEYS[5], KEYS[6], KEYS[7]
local group, lease, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local moment = now()
local leased, noted = {}, leases .. ':' .. ARGV[5]

local function lend(entry, deliveries)
  local token = redis.call('INCR', fence)
  -- Whoever gives a job back says so by a fence of 0.
  local orphaned = deliveries > 1 and redis.call('HGET', leases, entry[1]) ~= '0'
  redis.call('HSET', leases, entry[1], token)
  leased[#leased + 1] = {entry[1], entry[2], deliveries, token, moment - since(entry), orphaned and 1 or 0}
end

-- What was lent to them unheard is still theirs, as it was: nobody has died of it.
local function lend_again(number, rest)
  if tonumber(number) < tonumber(ARGV[7]) then
    return
  end
  for id, deliveries, token, orphaned in string.gmatch(rest, '(%S+) (%d+) (%d+) (%d)') do
    if redis.call('HGET', leases, id) == token then
      redis.call('XCLAIM', jobs, group, 'worker', 0, id, 'JUSTID')
      for _, entry in ipairs(redis.call('XRANGE', jobs, id, id)) do
        leased[#leased + 1] = {id, entry[2], tonumber(deliveries), tonumber(token), moment - since(entry), tonumber(orphaned)}
      end
    end
  end
end

if ARGV[7] ~= '' then
  lend_again(string.match(redis.call('GET', noted) or '0 ', '^(%d+)(.*)$'))
end
local expired = redis.pcall('XPENDING', jobs, group, 'IDLE', lease, '-', '+', limit)
if expired.err then
  -- No stream or no group yet, or not any more. An error that is not ours to heal is raised here.
  redis.call('XGROUP', 'CREATE', jobs, group, '0', 'MKSTREAM')
  expired = {}
end
-- A clock that was set back takes what was leased before for leased in time to come, and idle for 0 ms until it has caught
-- up: such a lease begins anew, so that nobody waits that long for what a dead worker holds.
local last = leased_of(group)
if tonumber(string.match(last, '^%d+')) > moment then
  for _, pending in ipairs(redis.call('XPENDING', jobs, group, '-', '+', 1000)) do
    if pending[3] == 0 then
      redis.call('XCLAIM', jobs, group, 'worker', 0, pending[1], 'JUSTID')
    end
  end
end
for _, pending in ipairs(expired) do
  local entry = redis.call('XCLAIM', jobs, group, 'worker', lease, pending[1])[1]
  if entry then
    lend(entry, pending[4] + 1)
  else
    redis.call('HDEL', leases, pending[1])
  end
end
-- Whoever ended a job has let in what was held back, unless it was a worker of before, which knows of no lines.
promote_some()
if #leased < limit then
  local fresh = redis.call('XREADGROUP', 'GROUP', group, 'worker', 'COUNT', limit - #leased, 'STREAMS', jobs, '>')
  for _, entry in ipairs(fresh and fresh[1][2] or {}) do
    lend(entry, 1)
  end
end
if #leased > 0 then
  local words = {ARGV[6]}
  for _, one in ipairs(leased) do
    words[#words + 1] = string.format('%s %d %d %d', one[1], one[3], one[4], one[6])
  end
  redis.call('SET', noted, table.concat(words, ' '), 'PX', math.max(1, lease))
  return {leased, false}
end
redis.call('XTRIM', dead, 'MINID', moment - ARGV[4])
return {leased, last}
