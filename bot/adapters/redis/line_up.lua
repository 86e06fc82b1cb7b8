-- Who may stand in the stream: at most MOST unfinished jobs of one person; the rest of theirs waits in a backlog of
-- their own. This stands before each script that appends or ends jobs.
-- KEYS: jobs, standing, held, backlog, and then what the script itself says. A person is a word without ':'.
--   standing:PERSON  a list: ids of theirs that were appended; those that have left the stream are pruned when it matters
--   held             a hash: PERSON -> 'first last count' of their backlog; nobody is in it who has none
--   backlog          a hash: 'PERSON:NUMBER' -> 'since in ms, line feed, about, line feed, job'; '?ABOUT' -> its places
local jobs, standing, held, backlog = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local MOST, NOTED, LOOKS = 10, 24 * 3600, 20

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- When an entry was first queued, in ms: before it was appended, if it was held back.
local function since(entry)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'since' then
      return tonumber(entry[2][i + 1])
    end
  end
  return tonumber(string.match(entry[1], '^%d+'))
end

-- What the server says of the workers' group: the last id that was ever leased, and how many are leased now.
local function leased_of(group)
  for _, found in ipairs(redis.call('XINFO', 'GROUPS', jobs)) do
    local about = {}
    for i = 1, #found, 2 do
      about[found[i]] = found[i + 1]
    end
    if about['name'] == group then
      return about['last-delivered-id'], about['pending']
    end
  end
  return '0-0', 0
end

-- How many jobs of this person stand in the stream. Below MOST it may be fewer, as some may have ended; not if `exactly`.
local function stands(person, exactly)
  local name, there = standing .. ':' .. person, {}
  local noted = redis.call('LRANGE', name, 0, -1)
  if #noted < MOST and not exactly then
    return #noted
  end
  for _, id in ipairs(noted) do
    if #redis.call('XRANGE', jobs, id, id) > 0 then
      there[#there + 1] = id
    end
  end
  if #there < #noted then
    redis.call('DEL', name)
    for _, id in ipairs(there) do
      redis.call('RPUSH', name, id)
    end
    redis.call('EXPIRE', name, NOTED)
  end
  return #there
end

local function append(person, job, moment)
  local id
  if moment then
    id = redis.call('XADD', jobs, '*', 'job', job, 'since', moment)
  else
    id = redis.call('XADD', jobs, '*', 'job', job)
  end
  if person ~= '' then
    redis.call('RPUSH', standing .. ':' .. person, id)
    redis.call('EXPIRE', standing .. ':' .. person, NOTED)
  end
end

local function bounds(person)
  local first, last, count = string.match(redis.call('HGET', held, person) or '1 0 0', '^(%d+) (%d+) (%d+)$')
  return tonumber(first), tonumber(last), tonumber(count)
end

local function note(person, first, last, count)
  if count > 0 then
    redis.call('HSET', held, person, string.format('%d %d %d', first, last, count))
  else
    redis.call('HDEL', held, person)
  end
end

local function hold(person, about, job)
  local first, last, count = bounds(person)
  local place = string.format('%s:%d', person, last + 1)
  redis.call('HSET', backlog, place, string.format('%d\n%s\n%s', now(), about, job),
    '?' .. about, (redis.call('HGET', backlog, '?' .. about) or '') .. ' ' .. place)
  note(person, first, last + 1, count + 1)
end

-- Take one out of the backlog and append it: whether it was there. The caller notes that there is one less.
local function take(person, number)
  local place = string.format('%s:%d', person, number)
  local kept = redis.call('HGET', backlog, place)
  if not kept then
    return false
  end
  local moment, about, job = string.match(kept, '^(%d+)\n([^\n]*)\n(.*)$')
  local others = ''
  for other in string.gmatch(redis.call('HGET', backlog, '?' .. about) or '', '%S+') do
    if other ~= place then
      others = others .. ' ' .. other
    end
  end
  redis.call('HDEL', backlog, place)
  if others == '' then
    redis.call('HDEL', backlog, '?' .. about)
  else
    redis.call('HSET', backlog, '?' .. about, others)
  end
  append(person, job, moment)
  return true
end

-- Append as many of what is held back of this person as may stand: how many of theirs are still held back.
local function promote(person)
  if redis.call('EXISTS', held) == 0 or not redis.call('HGET', held, person) then
    return 0
  end
  local first, last, count = bounds(person)
  local room = MOST - stands(person, true)
  while room > 0 and count > 0 and first <= last do
    if take(person, first) then
      room, count = room - 1, count - 1
    end
    first = first + 1
  end
  note(person, first, last, first <= last and count or 0)
  return first <= last and count or 0
end

-- Do that for some of the people who have a backlog: for all of them in a few calls, wherever each begins.
local function promote_some()
  if redis.call('EXISTS', held) == 0 then
    return
  end
  local people, who = redis.call('HGETALL', held), {}
  for i = 1, #people, 2 do
    who[#who + 1] = people[i]
  end
  local start = now() % #who
  for i = 1, math.min(#who, LOOKS) do
    promote(who[(start + i) % #who + 1])
  end
end

-- Append what others' backlogs hold about the same: whatever comes after it must not overtake it.
local function bring(about, person)
  for place in string.gmatch(redis.call('HGET', backlog, '?' .. about) or '', '%S+') do
    local whose, number = string.match(place, '^([^:]*):(%d+)$')
    if whose ~= person and take(whose, tonumber(number)) then
      local first, last, count = bounds(whose)
      note(whose, first, last, count - 1)
    end
  end
end

-- Append a job, or hold it back.
local function line_up(person, about, job)
  if redis.call('EXISTS', held) == 1 then
    bring(about, person)
  end
  if person ~= '' and (promote(person) > 0 or stands(person, false) >= MOST) then
    hold(person, about, job)
  else
    append(person, job)
  end
end
