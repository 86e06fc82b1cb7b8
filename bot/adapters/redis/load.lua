-- How much there is to do. KEYS: jobs, held, backlog, dead. ARGV: group.
-- Returns {jobs in the stream, of these leased or waiting to be tried again, the last id that was ever leased, dead
-- letters, now in ms, since when the first waits that nobody has leased (or nothing), {person, bounds of their backlog,
-- since when its first waits, ...}}.
local jobs, held, backlog, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local last, pending = '0-0', 0
if redis.call('EXISTS', jobs) == 1 then
  for _, found in ipairs(redis.call('XINFO', 'GROUPS', jobs)) do
    local about = {}
    for i = 1, #found, 2 do
      about[found[i]] = found[i + 1]
    end
    if about['name'] == ARGV[1] then
      last, pending = about['last-delivered-id'], about['pending']
    end
  end
end
local first = redis.call('XRANGE', jobs, '(' .. last, '+', 'COUNT', 1)[1]
local waits = false
if first then
  waits = string.match(first[1], '^%d+')
  for i = 1, #first[2], 2 do
    if first[2][i] == 'since' then
      waits = first[2][i + 1]
    end
  end
end
local people = {}
for i, word in ipairs(redis.call('HGETALL', held)) do
  people[#people + 1] = word
  if i % 2 == 0 then
    local person, front = people[#people - 1], string.match(word, '^%d+')
    local kept = redis.call('HGET', backlog, person .. ':' .. front)
    people[#people + 1] = kept and string.match(kept, '^%d+') or false
  end
end
local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
return {redis.call('XLEN', jobs), pending, last, redis.call('XLEN', dead), now, waits, people}
