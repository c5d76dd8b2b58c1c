// API servers in processes of their own: `kube-authn serve`, and a kube-apiserver if the environment variable KUBE_APISERVER is its path. That cannot be
// installed from npm or Debian.
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { csvOf, fileOf, randomTokens } from './material.mjs'

const kubeApiserver = process.env.KUBE_APISERVER
const command = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url))

/** Rows have more if there is a kube-apiserver. */
export const withKubeApiserver = (more) => (kubeApiserver === undefined ? {} : more)

const READY_MS = 60_000
/** After that it has made what it makes at its first start. */
const SETTLED_MS = 10_000

const ADMIN = 'the-token-of-an-administrator'

/** `kube-authn serve`, and a credential for `GET /version`. */
export async function servedByCommand(credential) {
  const { folder, port, flags, start } = await prepared()
  start(process.execPath, [command, 'serve', ...flags, `--data-dir=${join(folder, 'data')}`])
  return answering(port, credential)
}

/** A kube-apiserver with an etcd of its own on the same core, and a credential for `GET /version`. */
export async function servedByKubeApiserver(credential) {
  const { folder, port, flags, start } = await prepared()
  const etcd = `http://127.0.0.1:${await freePort()}`
  start('etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${await freePort()}`,
  ])
  start(kubeApiserver, [
    ...flags,
    `--etcd-servers=${etcd}`,
    `--cert-dir=${folder}`,
    '--service-cluster-ip-range=10.0.0.0/24',
  ])
  return answering(port, credential)
}

/** What both need. */
async function prepared() {
  const folder = mkdtempSync(join(tmpdir(), 'api-server-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const log = openSync(join(folder, 'log'), 'a')
  const port = await freePort()
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return {
    folder,
    port,
    flags: [
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${fileOf(publicKey)}`,
      `--service-account-signing-key-file=${fileOf(privateKey)}`,
      `--token-auth-file=${fileOf(`${csvOf(randomTokens(1000))}${ADMIN},admin,1,system:masters\n`)}`,
      '--enable-bootstrap-token-auth',
      '--authorization-mode=RBAC',
    ],
    /** It ends with this process. */
    start(program, args) {
      const child = spawn(program, args, { stdio: ['ignore', log, log] })
      process.once('exit', () => child.kill('SIGKILL'))
    },
  }
}

async function answering(port, credential) {
  const url = `https://127.0.0.1:${port}`
  await ready(url)
  const token = credential === 'token file' ? ADMIN : await tokenOfServiceAccount(url)
  await pause(SETTLED_MS)
  return { url: `${url}/version`, authorization: `Bearer ${token}` }
}

async function tokenOfServiceAccount(url) {
  const accounts = `${url}/api/v1/namespaces/default/serviceaccounts`
  await created(accounts, { metadata: { name: 'measured' } })
  const { status } = await created(`${accounts}/measured/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  })
  return status.token
}

async function ready(url) {
  const until = performance.now() + READY_MS
  for (;;) {
    const { status } = await answered(`${url}/readyz`).catch(() => ({ status: 0 }))
    if (status === 200) return
    if (performance.now() > until) throw new Error(`${url} is not ready`)
    await pause(500)
  }
}

async function created(url, object) {
  const { status, text: content } = await answered(url, JSON.stringify(object))
  if (status !== 201) throw new Error(`${url} answered ${status}: ${content}`)
  return JSON.parse(content)
}

async function answered(url, body) {
  const sent = request(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    // It makes a certificate for itself.
    rejectUnauthorized: false,
  })
  sent.end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, text: await text(response) }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
