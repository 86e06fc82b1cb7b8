-- Append a job unless one of its keys was used before: 1 when appended, 0 when not.
-- KEYS: jobs, then any number of keys to use once. ARGV: the job, seconds that a key is remembered.
local new = 1
for i = 2, #KEYS do
  if not redis.call('SET', KEYS[i], 1, 'NX', 'EX', ARGV[2]) then
    new = 0
  end
end
if new == 1 then
  redis.call('XADD', KEYS[1], '*', 'job', ARGV[1])
end
return new
