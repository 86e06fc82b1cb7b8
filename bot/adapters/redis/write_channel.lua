-- Replace a channel's settings when they are still as they were read, and add lines to the audit: 1 when done, else 0.
-- KEYS: channels, audit. ARGV: field, settings as read, new settings, workspace, lines kept, lines to add.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
for i = 6, #ARGV do
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*', 'workspace', ARGV[4], 'change', ARGV[i])
end
return 1
