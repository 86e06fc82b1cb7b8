-- How much there is to do. KEYS: as in line_up.lua, then dead. ARGV: group.
-- Returns {jobs in the stream, of these leased or waiting to be tried again, the last id that was ever leased, dead
-- letters, now in ms, since when the first waits that nobody has leased (or nothing), {line, its bounds, since when its
-- first waits, ...}}.
local dead = KEYS[5]
local last, pending = '0-0', 0
if redis.call('EXISTS', jobs) == 1 then
  last, pending = leased_of(ARGV[1])
end
local first = redis.call('XRANGE', jobs, '(' .. last, '+', 'COUNT', 1)[1]
local waits = first and string.format('%d', since(first)) or false
local waiting = {}
for i, word in ipairs(redis.call('HGETALL', held)) do
  waiting[#waiting + 1] = word
  if i % 2 == 0 then
    local line, front = waiting[#waiting - 1], string.match(word, '^%d+')
    local kept = redis.call('HGET', backlog, line .. ':' .. front)
    waiting[#waiting + 1] = kept and string.match(kept, '^%d+') or false
  end
end
return {redis.call('XLEN', jobs), pending, last, redis.call('XLEN', dead), string.format('%d', now()), waits, waiting}
