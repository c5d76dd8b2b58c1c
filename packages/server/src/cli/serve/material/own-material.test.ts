import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readKubeconfig } from '@kube-authn/node'
import { folderOf } from '../../../../test/command.ts'
import { serveFlags } from '../flags/serve-flags.ts'
import { writeAdminKubeconfig } from './admin-kubeconfig.ts'
import { type OwnMaterial, ownMaterial } from './own-material.ts'

const NOW = Date.parse('2026-11-01T00:00:00Z')
const DAY_MS = 86_400_000

function start(dataDir: string, flags: readonly string[] = [], nowMs = NOW): Promise<OwnMaterial> {
  return ownMaterial(serveFlags([`--data-dir=${dataDir}`, ...flags]), nowMs)
}

const filesIn = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(join(folder, 'pki')).map((name) => [name, readFileSync(join(folder, 'pki', name), 'utf8')]),
  )

const certificateIn = (path: string): X509Certificate => new X509Certificate(readFileSync(path))

describe('the material of a data folder', () => {
  it('is made for its owner only', async () => {
    const folder = join(folderOf(), 'data')
    await start(folder)
    expect(Object.keys(filesIn(folder)).toSorted()).toEqual([
      'apiserver.crt',
      'apiserver.key',
      'ca.crt',
      'ca.key',
      'sa.key',
      'sa.pub',
    ])
    const modeOf = (...path: readonly string[]): number => statSync(join(folder, ...path)).mode & 0o777
    expect([modeOf(), modeOf('pki')]).toEqual([0o700, 0o700])
    for (const name of readdirSync(join(folder, 'pki'))) expect(modeOf('pki', name)).toBe(0o600)
  })

  it('is a server certificate of the own CA for every name of the server', async () => {
    const folder = join(folderOf(), 'data')
    await start(folder, [
      '--bind-address=127.0.0.2',
      '--advertise-address=192.0.2.1',
      '--external-hostname=api.example.com',
    ])
    const ca = certificateIn(join(folder, 'pki/ca.crt'))
    const server = certificateIn(join(folder, 'pki/apiserver.crt'))
    expect(server.verify(ca.publicKey)).toBe(true)
    expect(ca.ca).toBe(true)
    expect(server.ca).toBe(false)
    for (const name of ['localhost', 'kubernetes.default.svc', 'api.example.com']) {
      expect(server.checkHost(name)).toBe(name)
    }
    for (const address of ['127.0.0.1', '127.0.0.2', '::1', '192.0.2.1']) {
      expect(server.checkIP(address)).toBe(address)
    }
    expect(server.checkIP('192.0.2.2')).toBeUndefined()
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })

  it('stays the same at the next start', async () => {
    const folder = join(folderOf(), 'data')
    await start(folder)
    const before = filesIn(folder)
    await start(folder)
    expect(filesIn(folder)).toEqual(before)
  })

  it.each<[string, (folder: string) => { readonly flags?: readonly string[]; readonly nowMs?: number }]>([
    ['lacks a name', () => ({ flags: ['--external-hostname=api.example.com'] })],
    ['has 30 days left', () => ({ nowMs: NOW + 335 * DAY_MS })],
    ['is not valid yet, since the clock was set back', () => ({ nowMs: NOW - 2 * DAY_MS })],
    ['has no key', (folder) => (rmSync(join(folder, 'pki/apiserver.key')), {})],
    [
      'has another key',
      (folder) => (writeFileSync(join(folder, 'pki/apiserver.key'), 'x', { mode: 0o600 }), {}),
    ],
    ['is missing', (folder) => (rmSync(join(folder, 'pki/apiserver.crt')), {})],
    ['is no certificate', (folder) => (writeFileSync(join(folder, 'pki/apiserver.crt'), 'x'), {})],
  ])('has another server certificate if it %s', async (_, change) => {
    const folder = join(folderOf(), 'data')
    await start(folder)
    const before = filesIn(folder)
    const { flags, nowMs } = change(folder)
    await start(folder, flags, nowMs)
    const after = filesIn(folder)
    expect(after['apiserver.crt']).not.toBe(before['apiserver.crt'])
    expect({ ...after, 'apiserver.crt': '', 'apiserver.key': '' }).toEqual({
      ...before,
      'apiserver.crt': '',
      'apiserver.key': '',
    })
    const server = certificateIn(join(folder, 'pki/apiserver.crt'))
    expect(server.checkPrivateKey(keyOf(after['apiserver.key']))).toBe(true)
  })

  it('has the same server certificate while more than 30 days are left', async () => {
    const folder = join(folderOf(), 'data')
    await start(folder)
    const before = filesIn(folder)
    await start(folder, [], NOW + 334 * DAY_MS)
    expect(filesIn(folder)).toEqual(before)
  })

  it('is renewed while the server runs', async () => {
    const folder = join(folderOf(), 'data')
    const { renew } = await start(folder)
    const before = filesIn(folder)
    await renew(NOW + 334 * DAY_MS)
    expect(filesIn(folder)).toEqual(before)
    await renew(NOW + 336 * DAY_MS)
    expect(filesIn(folder)['apiserver.crt']).not.toBe(before['apiserver.crt'])
  })

  it('has no own certificate if the flags name one', async () => {
    const folder = join(folderOf(), 'data')
    const { serverCertificate } = await start(folder, [
      '--tls-cert-file=a.crt',
      '--tls-private-key-file=a.key',
    ])
    expect(serverCertificate).toEqual({ certFile: 'a.crt', keyFile: 'a.key' })
    expect(Object.keys(filesIn(folder)).toSorted()).toEqual(['ca.crt', 'ca.key', 'sa.key', 'sa.pub'])
  })

  it('has the own certificate in --cert-dir', async () => {
    const folder = folderOf()
    await start(join(folder, 'data'), [`--cert-dir=${join(folder, 'certs')}`])
    expect(readdirSync(join(folder, 'certs')).toSorted()).toEqual(['apiserver.crt', 'apiserver.key'])
    expect(statSync(join(folder, 'certs')).mode & 0o777).toBe(0o700)
  })

  it('is made once by two starts at a time', async () => {
    const folder = join(folderOf(), 'data')
    const [one, two] = await Promise.all([start(folder), start(folder)])
    expect(one.authority.pem).toBe(two.authority.pem)
  })

  it('is completed if a start ended between the key of the CA and its certificate', async () => {
    const folder = join(folderOf(), 'data')
    await start(folder)
    const before = filesIn(folder)
    rmSync(join(folder, 'pki/ca.crt'))
    await start(folder)
    expect(filesIn(folder)['ca.key']).toBe(before['ca.key'])
    expect(certificateIn(join(folder, 'pki/ca.crt')).checkPrivateKey(keyOf(before['ca.key']))).toBe(true)
  })

  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'a folder that others may read',
      (folder) => chmodSync(folder, 0o750),
      /data: other users may read or write it; run: chmod 700/,
    ],
    [
      'keys in a folder that others may read',
      (folder) => chmodSync(join(folder, 'pki'), 0o701),
      /pki: other users may read/,
    ],
    [
      'a key that others may read',
      (folder) => chmodSync(join(folder, 'pki/ca.key'), 0o604),
      /ca\.key: other users .* chmod 600/,
    ],
    [
      'a signing key that others may read',
      (folder) => chmodSync(join(folder, 'pki/sa.key'), 0o640),
      /sa\.key: other users/,
    ],
    [
      'a CA without its key',
      (folder) => rmSync(join(folder, 'pki/ca.key')),
      /ca\.key: is not there, or is not the key/,
    ],
    [
      'the key of another CA',
      (folder) => replaceKey(folder, 'sa.key'),
      /ca\.key: is not there, or is not the key/,
    ],
    [
      'a CA that is none',
      (folder) => replaceCertificate(folder, 'apiserver'),
      /ca\.key: is not there, or is not the key/,
    ],
    [
      'a key that is none',
      (folder) => writeFileSync(join(folder, 'pki/sa.key'), 'hunter2', { mode: 0o600 }),
      /sa\.key: has no private key in PEM$/,
    ],
    [
      'a key that is a folder',
      (folder) => becomeFolder(join(folder, 'pki/ca.key')),
      /ca\.key: is not a regular file/,
    ],
  ])('refuses %s, and changes nothing', async (_, change, message) => {
    const folder = join(folderOf(), 'data')
    await start(folder)
    change(folder)
    const names = readdirSync(join(folder, 'pki'))
    await expect(start(folder)).rejects.toThrow(message)
    expect(readdirSync(join(folder, 'pki'))).toEqual(names)
  })

  it('refuses a CA that has expired', async () => {
    const folder = join(folderOf(), 'data')
    await start(folder)
    await expect(start(folder, [], NOW + 3651 * DAY_MS)).rejects.toThrow(/ca\.crt: the CA has expired/)
  })
})

describe('the kubeconfig of a data folder', () => {
  const server = 'https://127.0.0.1:6443'
  async function written(path: string, folder: string, nowMs = NOW, url = server): Promise<string> {
    const { authority } = await start(folder, [], nowMs)
    await writeAdminKubeconfig(path, authority, { server: url, serverCA: authority.pem }, nowMs)
    return readFileSync(path, 'utf8')
  }
  const certificateOf = (path: string): X509Certificate =>
    new X509Certificate(readKubeconfig(path).cert ?? '')

  it('has a client certificate of system:masters', async () => {
    const folder = join(folderOf(), 'data')
    const path = join(folderOf(), 'admin.conf')
    await written(path, folder)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const certificate = certificateOf(path)
    expect(certificate.subject.split('\n')).toEqual(['O=system:masters', 'CN=kubernetes-admin'])
    expect(certificate.verify(certificateIn(join(folder, 'pki/ca.crt')).publicKey)).toBe(true)
    expect(readKubeconfig(path).server).toBe(server)
  })

  it('stays the same at the next start, and is renewed in time', async () => {
    const folder = join(folderOf(), 'data')
    const path = join(folderOf(), 'admin.conf')
    const first = await written(path, folder)
    expect(await written(path, folder, NOW + 334 * DAY_MS)).toBe(first)
    expect(await written(path, folder, NOW + 336 * DAY_MS)).not.toBe(first)
  })

  it('follows the address and the CA', async () => {
    const folder = join(folderOf(), 'data')
    const path = join(folderOf(), 'admin.conf')
    await written(path, folder)
    await written(path, folder, NOW, 'https://127.0.0.1:7443')
    expect(readKubeconfig(path).server).toBe('https://127.0.0.1:7443')
    const other = join(folderOf(), 'data')
    await written(path, other)
    expect(certificateOf(path).verify(certificateIn(join(other, 'pki/ca.crt')).publicKey)).toBe(true)
  })

  it('keeps what kubectl config wrote', async () => {
    const folder = join(folderOf(), 'data')
    const path = join(folderOf(), 'admin.conf')
    const own = (await written(path, folder)).replace(
      /^users:$/m,
      'users:\n  # of the document\n  - name: jane\n    user:\n      token: abc',
    )
    writeFileSync(path, own.replace('current-context: kube-authn', 'current-context: mine'), { mode: 0o600 })
    const after = await written(path, folder, NOW, 'https://127.0.0.1:7443')
    expect(after).toContain('# of the document\n  - name: jane')
    expect(after).toContain('current-context: mine')
  })

  it.each([
    ['that others may read', 'apiVersion: v1\n', 0o644, /admin\.conf: other users may read or write it/],
    ['that is none', '- a\n', 0o600, /admin\.conf: is not a kubeconfig/],
  ])('is refused if there is a file %s', async (_, content, mode, message) => {
    const folder = join(folderOf(), 'data')
    const path = join(folderOf(), 'admin.conf')
    writeFileSync(path, content)
    chmodSync(path, mode)
    await expect(written(path, folder)).rejects.toThrow(message)
    expect(readFileSync(path, 'utf8')).toBe(content)
  })
})

function keyOf(pem = ''): KeyObject {
  return createPrivateKey(pem)
}

function replaceKey(folder: string, name: string): void {
  const content = readFileSync(join(folder, 'pki', name))
  writeFileSync(join(folder, 'pki/ca.key'), content)
}

function replaceCertificate(folder: string, name: string): void {
  for (const end of ['crt', 'key']) {
    writeFileSync(join(folder, `pki/ca.${end}`), readFileSync(join(folder, `pki/${name}.${end}`)))
  }
}

function becomeFolder(path: string): void {
  rmSync(path)
  mkdirSync(path, { mode: 0o700 })
}
