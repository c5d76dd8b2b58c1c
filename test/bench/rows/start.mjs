// The start-up cost of an app: importing, and until its first response.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { csvOf, fileOf, randomTokens } from '../lib/material.mjs'
import { base, ours, peer, valueRow } from '../lib/row.mjs'

/** Another checkout whose packages are measured. */
const { KUBE_AUTHN_BESIDE: checkout } = process.env

/** Processes of a subject in each of its turns. */
const PROCESSES = 10

/**
 * Milliseconds of a process that runs this module source, from start to end: the least wall or CPU time of some processes, since what else runs on the machine
 * only adds.
 */
function processMs(text, cwd = checkout === undefined ? import.meta.dirname : join(checkout, 'test/bench')) {
  const wall = []
  const cpu = []
  const telling = `${text}\nprocess.once('exit', () => process.stderr.write('\\n' + JSON.stringify(process.cpuUsage())))`
  for (let round = 0; round < PROCESSES; round++) {
    const start = performance.now()
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', telling], {
      encoding: 'utf8',
      cwd,
    })
    wall.push(performance.now() - start)
    if (status !== 0) throw new Error(stderr)
    const { user, system } = JSON.parse(stderr.trim().split('\n').at(-1))
    cpu.push((user + system) / 1000)
  }
  return Math.min(...wall, ...cpu)
}

const importing =
  (...names) =>
  () =>
    processMs(names.map((name) => `import ${JSON.stringify(name)}`).join('\n'))

const empty = base(importing())

/** An app that sends itself one request. */
const answering = (setUp) =>
  processMs(`
    import express from 'express'
    ${setUp.imports ?? ''}
    const app = express()
    ${setUp.use ?? ''}
    app.get('/', (req, res) => { res.send('ok') })
    const server = app.listen(0, async () => {
      const response = await fetch('http://127.0.0.1:' + server.address().port, { headers: { authorization: 'Bearer ${setUp.token ?? 'x'}' } })
      if (response.status !== 200) throw new Error(String(response.status))
      process.exit(0)
    })`)

const firstAnswer = (packageName, expression) => () => {
  const tokens = randomTokens(100)
  const [token] = tokens.keys()
  const path = JSON.stringify(fileOf(csvOf(tokens)))
  return answering({
    token,
    imports: `import { authentication } from '@kube-authn/express'
      import { readFileSync } from 'node:fs'
      import ${packageName}`,
    use: `app.use(authentication(${expression(path)}))`,
  })
}

export const startRows = [
  valueRow(
    'import, express + token file',
    { unit: 'ms', target: 21, figure: 'least' },
    {
      'empty process': empty,
      'kube-authn': ours(importing('@kube-authn/express', '@kube-authn/core/token-file')),
      'passport + passport-http-bearer': peer(importing('passport', 'passport-http-bearer')),
    },
  ),
  valueRow(
    'import, express + OpenID Connect',
    { unit: 'ms', target: 60, figure: 'least' },
    {
      'empty process': empty,
      'kube-authn': ours(importing('@kube-authn/express', '@kube-authn/core/oidc')),
      'express-oauth2-jwt-bearer': peer(importing('express-oauth2-jwt-bearer')),
    },
  ),
  valueRow(
    'import, express + node',
    { unit: 'ms', target: 60, figure: 'least' },
    {
      'empty process': empty,
      'kube-authn': ours(importing('@kube-authn/express', '@kube-authn/node')),
    },
  ),
  valueRow(
    'first answer of an app with createAuthenticator',
    { unit: 'ms', target: 60, figure: 'least' },
    {
      bare: base(() => answering({})),
      'kube-authn': ours(
        firstAnswer(
          `{ createAuthenticator } from '@kube-authn/node'`,
          (path) => `createAuthenticator({ tokenFile: ${path} })`,
        ),
      ),
      'express-oauth2-jwt-bearer (not asked)': peer(() =>
        answering({ imports: `import { auth } from 'express-oauth2-jwt-bearer'` }),
      ),
    },
  ),
]
