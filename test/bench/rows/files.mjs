// Large files: loading time, memory, and the longest block of the event loop.
import { renameSync } from 'node:fs'
import { userInfo } from '@kube-authn/core'
import { attributesOf, parseRbac, rbac } from '@kube-authn/core/authorization'
import { passwordFileAt, rbacAt, tokenFileAt } from '@kube-authn/node'
import { csvOf, fileOf, randomTokens } from '../lib/material.mjs'
import { ours, valueRow } from '../lib/row.mjs'
import { manifests } from './rbac.mjs'

const MAX_BYTES = 1 << 30

/** The lower one of wall and CPU time: if they differ, something else ran on the core, or a garbage collector in another thread. */
function stopwatch() {
  const start = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return Math.min(performance.now() - start, (user + system) / 1000)
  }
}

function milliseconds(load) {
  const taken = stopwatch()
  const keep = load()
  const result = taken()
  if (keep === undefined) throw new Error('nothing was loaded')
  return result
}

/** MiB of heap that the loaded value retains. */
function liveMiB(load) {
  const used = () => {
    globalThis.gc()
    globalThis.gc()
    const { heapUsed, external } = process.memoryUsage()
    return (heapUsed + external) / 1_048_576
  }
  const before = used()
  const keep = load()
  const after = used()
  if (keep === undefined) throw new Error('nothing was loaded')
  return after - before
}

const tokensPath = (count) => fileOf(csvOf(randomTokens(count)))

const loadingMs = (count, load) => () => {
  const path = tokensPath(count)
  return milliseconds(() => load(path))
}
const keptMiB = (count, load) => () => {
  const path = tokensPath(count)
  return liveMiB(() => load(path))
}
const loadTokens = (path) => tokenFileAt(path, { maxBytes: MAX_BYTES })

/** The longest block of the event loop, in milliseconds, while requests run and the file is replaced and reloaded. */
async function longestPause(path, replacement, open, ask) {
  let onReload
  const reloaded = new Promise((resolve, reject) => {
    onReload = ({ type, error }) => {
      if (type !== 'reload') return
      if (error === undefined) resolve()
      else reject(error)
    }
  })
  const opened = open((event) => onReload(event))
  globalThis.gc()
  let longest = 0
  let isOver = false
  let sinceLast = stopwatch()
  const turn = () => {
    longest = Math.max(longest, sinceLast())
    for (let index = 0; index < 20; index++) {
      if (!ask(opened)) throw new Error('half a file was seen')
    }
    sinceLast = stopwatch()
    if (!isOver) setImmediate(turn)
  }
  turn()
  renameSync(replacement, path)
  await reloaded
  isOver = true
  opened.close()
  return longest
}

const tokensPauseMs = (count) => () => {
  const tokens = randomTokens(count)
  const path = fileOf(csvOf(tokens))
  const asked = [...tokens.keys()].slice(0, 1000)
  // The old tokens stay, so that every result can be checked.
  const replacement = fileOf(`${csvOf(tokens)}new,new,new\n`)
  tokens.clear()
  let index = 0
  return longestPause(
    path,
    replacement,
    (observer) => tokenFileAt(path, { maxBytes: MAX_BYTES, observer }),
    (authenticator) => authenticator.authenticateToken(asked[index++ % asked.length], {}) !== undefined,
  )
}

const passwordsPauseMs = (count) => () => {
  const csvOfVersion = (version) =>
    Array.from(
      { length: count },
      (_, index) => `pw-${index},user-${index},${version},"team-${index % 500},all"\n`,
    ).join('')
  const path = fileOf(csvOfVersion(1))
  const replacement = fileOf(csvOfVersion(2))
  let index = 0
  return longestPause(
    path,
    replacement,
    (observer) => passwordFileAt(path, { maxBytes: MAX_BYTES, observer }),
    (authenticator) => {
      index = (index + 1) % 1000
      return authenticator.authenticatePassword(`user-${index}`, `pw-${index}`, {}) !== undefined
    },
  )
}

const policyPauseMs =
  (serialize, name, open = (path, observer) => rbacAt(path, { observer })) =>
  () => {
    const path = fileOf(serialize(manifests(100_000)), name)
    const replacement = fileOf(serialize(manifests(100_001)), `new-${name}`)
    const asked = attributesOf(userInfo({ username: 'user-50000' }), {
      verb: 'get',
      resource: 'pods',
      namespace: 'x',
    })
    return longestPause(
      path,
      replacement,
      (observer) => open(path, observer),
      (policy) => policy.authorize(asked).verdict === 'allow',
    )
  }

const loadingPolicy = (serialize, load) => () => {
  const text = serialize(manifests(100_000))
  return milliseconds(() => load(text)) / 1000
}
const asJson = (objects) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
const fromText = (text) => rbac(parseRbac(text, { maxLength: MAX_BYTES }))

function asYaml(objects) {
  return objects.map(yamlOf).join('---\n')
}

function yamlOf({ apiVersion, kind, metadata, rules, subjects, roleRef }) {
  const namespace = metadata.namespace === undefined ? '' : `  namespace: ${metadata.namespace}\n`
  const head = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${metadata.name}\n${namespace}`
  if (rules !== undefined) {
    const lists = rules.map(
      ({ verbs, apiGroups, resources }) =>
        `- verbs: ${JSON.stringify(verbs)}\n  apiGroups: ${JSON.stringify(apiGroups)}\n  resources: ${JSON.stringify(resources)}\n`,
    )
    return `${head}rules:\n${lists.join('')}`
  }
  const named = subjects.map(
    (subject) => `- kind: ${subject.kind}\n  name: ${subject.name}\n  apiGroup: ${subject.apiGroup}\n`,
  )
  return `${head}subjects:\n${named.join('')}roleRef:\n  kind: ${roleRef.kind}\n  name: ${roleRef.name}\n  apiGroup: ${roleRef.apiGroup}\n`
}

/** The median: of several reloads one may be during a collection of the old generation, which takes as long as all other pauses together. */
const PAUSE = { unit: 'ms', target: 50, figure: 'median' }

export const fileRows = [
  valueRow(
    'token file of 1,000,000 rows, to load',
    { unit: 'ms', figure: 'least', target: 3000 },
    { 'kube-authn': ours(loadingMs(1_000_000, loadTokens)) },
  ),
  valueRow(
    'token file of 100,000 rows, live heap',
    { unit: 'MiB', target: 20 },
    { 'kube-authn': ours(keptMiB(100_000, loadTokens)) },
  ),
  valueRow('token file of 1,000,000 rows, longest pause at a reload', PAUSE, {
    'kube-authn': ours(tokensPauseMs(1_000_000)),
  }),
  valueRow('password file of 1,000,000 rows, longest pause at a reload', PAUSE, {
    'kube-authn': ours(passwordsPauseMs(1_000_000)),
  }),
  valueRow(
    'RBAC of 100,000 bindings, JSON, to load',
    { unit: 's', figure: 'least', target: 1 },
    { 'kube-authn': ours(loadingPolicy(asJson, fromText)) },
  ),
  valueRow(
    'RBAC of 100,000 bindings, YAML, to load',
    { unit: 's', figure: 'least', target: 4 },
    { 'kube-authn': ours(loadingPolicy(asYaml, fromText)) },
  ),
  valueRow('RBAC of 100,000 bindings, JSON, longest pause at a reload', PAUSE, {
    'kube-authn': ours(policyPauseMs(asJson, 'policy.json')),
  }),
  valueRow('RBAC of 100,000 bindings, YAML, longest pause at a reload', PAUSE, {
    'kube-authn': ours(policyPauseMs(asYaml, 'policy.yaml')),
  }),
]
