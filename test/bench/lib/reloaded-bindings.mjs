// The least that an RBAC file in YAML needs that is read again in slices: as many objects are kept as `rbacAt` keeps, and nothing is validated.
import { closeSync, openSync, readSync, statSync } from 'node:fs'

const SLICE_MS = 10
const STEP = 65_536
const PART = 1_048_576

/** Reads the file now, and again when it is replaced. `observer` gets the event of a reload. */
export function reloadedBindings(path, observer) {
  const { ino } = statSync(path)
  let index = finish(indexOf(path))
  let timer
  const look = () => {
    if (statSync(path).ino === ino) timer = setTimeout(look, 100)
    else
      slice(indexOf(path), (next) => {
        index = next
        observer({ type: 'reload' })
      })
  }
  const slice = (steps, onEnd) => {
    const start = Date.now()
    do {
      const { done, value } = steps.next()
      if (done === true) {
        onEnd(value)
        return
      }
    } while (Date.now() - start < SLICE_MS)
    timer = setTimeout(() => slice(steps, onEnd), 0)
  }
  timer = setTimeout(look, 100)
  return {
    authorize: ({ user }) => ({ verdict: index.has(user.username) ? 'allow' : 'noOpinion' }),
    close: () => clearTimeout(timer),
  }
}

function finish(steps) {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** The grants of each user and group. */
function* indexOf(path) {
  const bytes = yield* contentOf(path)
  const grants = new Map()
  const roles = new Map()
  let position = 0
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf('\n---', start + PART)
    const end = found === -1 ? bytes.length : found + 1
    const text = bytes.latin1Slice(start, end)
    start = end
    let next = STEP
    for (let at = 0; at < text.length;) {
      const dashes = text.indexOf('\n---\n', at)
      const document = text.slice(at, dashes === -1 ? text.length : dashes)
      at = dashes === -1 ? text.length : dashes + 5
      add(document, position++, grants, roles)
      if (at < next) continue
      next = at + STEP
      yield
    }
  }
  return grants
}

function* contentOf(path) {
  const bytes = Buffer.alloc(statSync(path).size)
  const descriptor = openSync(path)
  for (let at = 0; at < bytes.length; at += PART) {
    readSync(descriptor, bytes, at, Math.min(PART, bytes.length - at), null)
    yield
  }
  closeSync(descriptor)
  return bytes
}

function add(document, position, grants, roles) {
  const lines = document.split('\n')
  const after = (name) => copy(lines.find((line) => line.startsWith(name))?.slice(name.length) ?? '')
  const binding = {
    kind: after('kind: '),
    name: after('  name: '),
    namespace: after('  namespace: '),
    subjects: [],
  }
  const role = lines.findIndex((line) => line === 'roleRef:')
  if (role === -1) return
  const name = lines[role + 2].slice('  name: '.length)
  if (!roles.has(name)) roles.set(copy(name), { kind: 'ClusterRole', name: copy(name) })
  binding.roleRef = roles.get(name)
  for (let line = lines.indexOf('subjects:') + 1; line < role; line += 3) {
    const subject = {
      kind: lines[line].endsWith('User') ? 'User' : 'Group',
      apiGroup: '',
      name: copy(lines[line + 1].slice('  name: '.length)),
      namespace: '',
    }
    binding.subjects.push(subject)
    const grant = {
      binding,
      subject,
      position,
      subjectPosition: 0,
      role: binding.roleRef,
      decision: undefined,
    }
    grants.set(subject.name, grant)
  }
}

/** A slice of a string keeps the whole in memory. */
function copy(text) {
  return ['', text].join('')
}
