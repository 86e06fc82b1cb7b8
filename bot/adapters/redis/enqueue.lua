-- Append a job, or hold it back, unless one of its keys was used before: 1 when it is new, 0 when not.
-- KEYS: as in line_up.lua, then any number of keys to use once. ARGV: the job, seconds that a key is remembered, whose
-- it is, its conversation, and what it is about.
local new = 1
for i = 5, #KEYS do
  if not redis.call('SET', KEYS[i], 1, 'NX', 'EX', ARGV[2]) then
    new = 0
  end
end
if new == 1 then
  line_up(ARGV[3], ARGV[4], ARGV[5], ARGV[1])
end
return new
