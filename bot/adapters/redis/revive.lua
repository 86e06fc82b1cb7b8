-- Append a job, or hold it back, and drop the dead letter that it was: 1 when done, 0 when the letter is gone.
-- KEYS: as in line_up.lua, then dead. ARGV: id of the letter, the job, whose it is, its conversation, what it is about.
if redis.call('XDEL', KEYS[5], ARGV[1]) == 0 then
  return 0
end
line_up(ARGV[3], ARGV[4], ARGV[5], ARGV[2])
return 1
