import { createHash } from 'node:crypto'

/** A program in Lua, which the server runs while it does nothing else. All its keys have one hash tag, so that a cluster has them at one node. */
export interface Script {
  readonly text: string
  /** The digest by which the server knows it. */
  readonly sha1: string
}

/** Each answer begins with the time of the server, in milliseconds since the epoch. */
function script(body: string): Script {
  const text = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
${body}`
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}

/** KEYS: a record. Answers with its string. */
export const READ: Script = script(`return {now, redis.call('GET', KEYS[1])}`)

/** KEYS: a folder. Answers with the names of the records in it that have not ended. */
export const NAMES: Script = script(`return {now, redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')}`)

/** Whether a record is at a revision, with which its string begins. */
const IS_AT = `local stored = redis.call('GET', KEYS[1])
local function is_at(revision)
  return stored and string.sub(stored, 1, #revision + 1) == revision .. ' '
end
`

/**
 * KEYS: a record and its folder. ARGV: its name, the revision that it must have (empty if there must be none), its new revision, its value, and its life in
 * milliseconds. A client may send it again after the answer was lost. A server without memory refuses the first command that writes, and none after that.
 */
export const WRITE: Script = script(`${IS_AT}
if is_at(ARGV[3]) then return {now} end
if ARGV[2] == '' then
  if stored then return {now, 'objectExists'} end
elseif not stored then
  return {now, 'objectNotFound'}
elseif not is_at(ARGV[2]) then
  return {now, 'revisionConflict'}
end
redis.call('SET', KEYS[1], ARGV[3] .. ' ' .. ARGV[4], 'PX', ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + ARGV[5], ARGV[1])
redis.call('PEXPIREAT', KEYS[2], redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2])
return {now}`)

/** KEYS: a record and its folder. ARGV: its name, and the revision that it must have, if that matters. */
export const REMOVE: Script = script(`${IS_AT}
if not stored then return {now, 'objectNotFound'} end
if ARGV[2] ~= '' and not is_at(ARGV[2]) then return {now, 'revisionConflict'} end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
return {now}`)

/** No keys. Answers with what the server says of itself. It may be forbidden. */
export const ABOUT: Script = script(`local function info(section)
  local told = redis.pcall('INFO', section)
  return type(told) == 'string' and told or ''
end
return {now, info('memory') .. info('cluster')}`)
