-- List something by time, and drop from the list what is older than anything is kept.
-- KEYS: list. ARGV: NX (its first time counts) or GT (its last), when, id, seconds kept.
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', redis.call('TIME')[1] - ARGV[4])
return redis.call('EXPIRE', KEYS[1], ARGV[4])
