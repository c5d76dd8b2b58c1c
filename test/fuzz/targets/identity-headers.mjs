// Identity headers of a front proxy. The result must equal that of the simplest implementation of the rules, and nothing may be read from other
// senders.
import { AuthenticationError, emptyContext } from '@kube-authn/core'
import { exactHeaders, joinedHeaders } from '@kube-authn/core/internal'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { fakeRequest } from '@kube-authn/testing'
import { Finding } from '../lib/finding.mjs'
import { mutateText } from '../lib/mutate.mjs'

export const name = 'identity-headers'

const configured = {
  usernameHeaders: ['X-Remote-User', 'X-Other-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group', 'X-Other-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-', 'X-Other-Extra-'],
}
const NAMES = [
  ...configured.usernameHeaders,
  ...configured.uidHeaders,
  ...configured.groupHeaders,
  ...configured.extraHeaderPrefixes,
  'X-Remote-Extra-Team',
  'X-Remote-Extra-%41cme.com%2fTeam',
  'X-Remote-Extra-%ff',
  'X-Remote-Extra-%',
  'X-Remote-Extra-__proto__',
  'X-Other-Extra-Team',
  'X-Remote-Users',
  'X-Remote',
  'Accept',
]
const PARTS = ['_', '-', '%2D', '%5F', '%00', 'x-remote-', 'Extra-', 'User', 'a', 'A']
const VALUES = [
  '',
  'jane',
  'root',
  'a, b',
  'a,b',
  ' ',
  'system:masters',
  'r\u00f6\u00f6t',
  '__proto__',
  '\t',
  '0',
  ', ',
  ',',
]

export async function run(random) {
  const headers = random
    .list(random.below(9), (index) => {
      const header = index === 0 && !random.oneIn(4) ? 'X-Remote-User' : random.pick(NAMES)
      const written = random.pick([
        ...Array.from({ length: 13 }, () => header),
        mutateText(random, header, PARTS),
        header.replaceAll('-', () => random.pick(['-', '_'])),
      ])
      const value = random.oneIn(4) ? mutateText(random, random.pick(VALUES), VALUES) : random.pick(VALUES)
      return [withCase(random, tokenOf(written)), value.replaceAll(/[\0\r\n]/g, '')]
    })
    .filter(([header]) => header !== '')
  const isFromProxy = !random.oneIn(5)
  const isExact = !random.oneIn(4)
  const joined = random.pick(['reject', 'split', 'whole'])
  const authenticator = requestHeader({ ...configured, joinedHeaders: joined, trusts: () => isFromProxy })
  const fail = (message, more) => {
    throw new Finding(message, { headers, isFromProxy, isExact, joined, ...more })
  }

  const raw = headers.flat()
  const request = fakeRequest({ headers })
  if (!isExact) Object.defineProperty(request, 'headers', { value: joinedHeaders(fetchHeaders(headers)) })
  let authentication
  try {
    authentication = await authenticator.authenticate(request, emptyContext)
  } catch (error) {
    if (!(error instanceof AuthenticationError)) fail(`an error of no kind: ${error?.stack}`)
    if (error.code !== 'rejected') fail(`what was sent was called an outage: ${error.message}`)
    if (!hasTwin(raw) && (isExact || joined !== 'reject')) fail(`refused without a reason: ${error.message}`)
    return 'refused'
  }
  if (authentication === undefined) {
    if (isFromProxy && isExact && plain(headers) !== undefined) fail('overlooked a user')
    return 'no user'
  }
  if (!isFromProxy) fail('trusted a sender that is not the proxy')
  if (hasTwin(raw)) fail('overlooked a header that passes for another')
  const { user, consumed } = authentication
  if (isExact && normal(user) !== normal(plain(headers)))
    fail('read something else', { user, plain: plain(headers) })
  if (!isExact && joined === 'reject' && [user.username, ...user.groups].some((each) => each.includes(',')))
    fail('guessed', { user })
  const isRemoved = (header) =>
    consumed.remove.includes(header) || consumed.removePrefixes.some((prefix) => header.startsWith(prefix))
  const left = exactHeaders(raw).entries()
  for (const [header] of left) {
    if (kindOf(header) !== undefined && !isRemoved(header)) fail(`left ${header} to the application`)
  }
  return isExact ? 'accepted' : `accepted, joined, ${joined}`
}

/** The rules as documented, header by header. */
function plain(headers) {
  const sent = headers.map(([header, value]) => [header.toLowerCase(), value])
  const firstOf = (names) =>
    names.map((each) => sent.find(([header]) => header === each.toLowerCase())?.[1] ?? '').find(Boolean) ?? ''
  const username = firstOf(configured.usernameHeaders)
  if (username === '') return undefined
  const groups = configured.groupHeaders.flatMap((each) =>
    sent.filter(([header, value]) => header === each.toLowerCase() && value !== '').map(([, value]) => value),
  )
  const extra = new Map()
  for (const prefix of configured.extraHeaderPrefixes) {
    for (const [header, value] of sent.filter(([each]) => each.startsWith(prefix.toLowerCase()))) {
      const key = unescaped(header.slice(prefix.length))
      extra.set(key, [...(extra.get(key) ?? []), value])
    }
  }
  return { username, uid: firstOf(configured.uidHeaders), groups, extra: [...extra] }
}

function normal(user) {
  const { username, uid, groups, extra } = user ?? {}
  const pairs = Array.isArray(extra) ? extra : Object.entries(extra ?? {})
  return JSON.stringify([username, uid, groups, pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))])
}

/** Escapes are bytes; invalid UTF-8 stays distinct; a malformed escape leaves all of them undecoded. */
function unescaped(key) {
  if (/%(?![0-9a-f]{2})/.test(key)) return key
  const byte = (_, digits) => String.fromCharCode(parseInt(digits, 16))
  const bytesOf = (text) => text.replaceAll(/%([0-9a-f]{2})/g, byte)
  // A decoded string is not treated as bytes.
  if (/[^\0-\xff]/.test(key))
    return key.replaceAll(/(?:%[0-9a-f]{2})+/g, (escapes) => characters(bytesOf(escapes)))
  return key.includes('%') ? characters(bytesOf(key)) : characters(key)
}

function characters(latin1) {
  return latin1.replaceAll(UTF8_OR_BYTE, (part) =>
    part.length === 1 && part >= '\x80'
      ? String.fromCharCode(0xdc00 + part.charCodeAt(0))
      : Buffer.from(part, 'latin1').toString(),
  )
}

/** Unicode, table 3-7. */
const UTF8_OR_BYTE =
  /[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g

/** Which of the lists a header belongs to. */
function kindOf(header) {
  return Object.entries(configured).find(([list, names]) =>
    names.some((each) =>
      list === 'extraHeaderPrefixes' ? header.startsWith(each.toLowerCase()) : header === each.toLowerCase(),
    ),
  )?.[0]
}

function hasTwin(raw) {
  return raw.some((header, index) => {
    if (index % 2 === 1) return false
    const lower = header.toLowerCase()
    return kindOf(lower) === undefined && kindOf(lower.replaceAll('_', '-')) !== undefined
  })
}

function tokenOf(text) {
  return text.replaceAll(/[^\w!#$%&'*+.^`|~-]/g, '')
}

function withCase(random, text) {
  return random.pick([text, text.toLowerCase(), text.toUpperCase()])
}

/** Values as a client could send them to a Fetch runtime. */
function fetchHeaders(headers) {
  const made = new Headers()
  for (const [header, value] of headers) made.append(header, value.replaceAll(/[^\t\x20-\x7e]/g, '?'))
  return made
}
