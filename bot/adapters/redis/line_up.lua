-- Who may stand in the stream: at most MOST unfinished jobs of one person, and one of each conversation; the rest waits
-- in a line of its own. This stands before each script that appends or ends jobs.
-- KEYS: jobs, standing, held, backlog, and then what the script itself says. A line is called PERSON or #CONVERSATION, by
-- words without ':' and '#'; whoever has '' for one of them waits in none.
--   standing:LINE  a list: ids of its jobs in the stream; those that have ended unheard are pruned when it matters
--   held           a hash: LINE -> 'first last count' of what waits in it; empty lines are not there
--   backlog        a hash: 'LINE:NUMBER' -> 'since in ms, about, person, conversation, job', a line feed between each;
--                  '?ABOUT' -> its places
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

local function most(line)
  return string.sub(line, 1, 1) == '#' and 1 or MOST
end

-- How many jobs of this line stand in the stream. Below its most it may be fewer, as some may have ended; not if `exactly`.
local function stands(line, exactly)
  local name, there = standing .. ':' .. line, {}
  local noted = redis.call('LRANGE', name, 0, -1)
  if #noted < most(line) and not exactly then
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

local function append(person, conversation, job, moment)
  local id
  if moment then
    id = redis.call('XADD', jobs, '*', 'job', job, 'since', moment)
  else
    id = redis.call('XADD', jobs, '*', 'job', job)
  end
  for _, line in ipairs({person, conversation}) do
    if line ~= '' then
      redis.call('RPUSH', standing .. ':' .. line, id)
      redis.call('EXPIRE', standing .. ':' .. line, NOTED)
    end
  end
end

local function bounds(line)
  local first, last, count = string.match(redis.call('HGET', held, line) or '1 0 0', '^(%d+) (%d+) (%d+)$')
  return tonumber(first), tonumber(last), tonumber(count)
end

local function note(line, first, last, count)
  if count > 0 then
    redis.call('HSET', held, line, string.format('%d %d %d', first, last, count))
  else
    redis.call('HDEL', held, line)
  end
end

local function hold(line, person, conversation, about, job, moment)
  local first, last, count = bounds(line)
  local place = string.format('%s:%d', line, last + 1)
  redis.call('HSET', backlog, place, table.concat({string.format('%d', moment), about, person, conversation, job}, '\n'),
    '?' .. about, (redis.call('HGET', backlog, '?' .. about) or '') .. ' ' .. place)
  note(line, first, last + 1, count + 1)
end

-- Take one out of a line: what was kept there, if anything was. The caller notes that there is one less.
local function take(line, number)
  local place = string.format('%s:%d', line, number)
  local kept = redis.call('HGET', backlog, place)
  if not kept then
    return nil
  end
  local moment, about, person, conversation, job = string.match(kept, '^(%d+)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$')
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
  return {moment = moment, about = about, person = person, conversation = conversation, job = job}
end

local promote

-- Whether nothing more of this line may stand.
local function full(line)
  return line ~= '' and (promote(line) > 0 or stands(line, false) >= most(line))
end

-- Append as many of what waits in this line as may stand: how many still wait in it. One of a person's goes on into the
-- line of its conversation while another of that is not done.
function promote(line)
  if redis.call('EXISTS', held) == 0 or not redis.call('HGET', held, line) then
    return 0
  end
  local first, last, count = bounds(line)
  local room = most(line) - stands(line, true)
  while room > 0 and count > 0 and first <= last do
    local one = take(line, first)
    first = first + 1
    if one then
      count = count - 1
      local conversation = one.conversation
      if line ~= conversation and full(conversation) then
        hold(conversation, one.person, conversation, one.about, one.job, one.moment)
      else
        append(one.person, conversation, one.job, one.moment)
        room = room - 1
      end
    end
  end
  note(line, first, last, first <= last and count or 0)
  return first <= last and count or 0
end

-- Do that for some of the lines in which somebody waits: for all of them in a few calls, wherever each begins.
local function promote_some()
  if redis.call('EXISTS', held) == 0 then
    return
  end
  local names, who = redis.call('HGETALL', held), {}
  for i = 1, #names, 2 do
    who[#who + 1] = names[i]
  end
  local start = now() % #who
  for i = 1, math.min(#who, LOOKS) do
    promote(who[(start + i) % #who + 1])
  end
end

-- A job of theirs stands there no longer: let in what waited for that.
local function leave(id, ...)
  for _, line in ipairs({...}) do
    if line ~= '' then
      redis.call('LREM', standing .. ':' .. line, 1, id)
      promote(line)
    end
  end
end

-- Append what is held back about the same: whatever comes after it must not overtake it.
local function bring(about, person, conversation)
  for place in string.gmatch(redis.call('HGET', backlog, '?' .. about) or '', '%S+') do
    local line, number = string.match(place, '^([^:]*):(%d+)$')
    local one = line ~= person and line ~= conversation and take(line, tonumber(number))
    if one then
      local first, last, count = bounds(line)
      note(line, first, last, count - 1)
      append(one.person, one.conversation, one.job, one.moment)
    end
  end
end

-- Append a job, or hold it back: behind what its person has in line, else behind what its conversation has.
local function line_up(person, conversation, about, job)
  if redis.call('EXISTS', held) == 1 then
    bring(about, person, conversation)
  end
  for _, line in ipairs({person, conversation}) do
    if full(line) then
      return hold(line, person, conversation, about, job, now())
    end
  end
  append(person, conversation, job)
end
