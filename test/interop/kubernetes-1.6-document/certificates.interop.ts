import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from '../components.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { type Client, type Cluster, clientOf, startCluster } from './cluster.ts'
import { kubectlOf, RELEASES } from './releases.ts'

const MASTER_IP = '127.0.0.1'
const TOKENS = 'janes-token,jane,1,system:masters\n'

/** The flags that the appendix ends with. */
const flagsFor = (scratch: Scratch, ca: string, cert: string, key: string): readonly string[] => [
  `--client-ca-file=${scratch.path(ca)}`,
  `--tls-cert-file=${scratch.path(cert)}`,
  `--tls-private-key-file=${scratch.path(key)}`,
  `--token-auth-file=${scratch.write('tokens.csv', TOKENS)}`,
]

describe.runIf(has('openssl', 'easyRsa', 'curl', 'unzip'))('certificates of the appendix', () => {
  let scratch: Scratch
  beforeAll(() => {
    scratch = makeScratch()
  })
  afterAll(() => scratch.remove())

  it('easyrsa: a server that kubectl trusts', async () => {
    await scratch.shell(
      `
      make-cadir easy-rsa
      cd easy-rsa
      ./easyrsa init-pki
      ./easyrsa --batch "--req-cn=\${MASTER_IP}@\`date +%s\`" build-ca nopass
      ./easyrsa --batch --subject-alt-name="IP:\${MASTER_IP}" build-server-full server nopass
      `,
      { MASTER_IP },
    )
    const pki = 'easy-rsa/pki'
    const cluster = await startCluster(
      scratch,
      'easyrsa',
      flagsFor(scratch, `${pki}/ca.crt`, `${pki}/issued/server.crt`, `${pki}/private/server.key`),
    )
    try {
      for (const release of RELEASES) {
        const user = { token: 'janes-token' }
        const client = clientOf(
          scratch,
          { ...cluster, caFile: scratch.path(`${pki}/ca.crt`) },
          await kubectlOf(release),
          user,
        )
        expect(await client.done('get namespaces -o name')).toContain('namespace/default')
      }
    } finally {
      await cluster.stop()
    }
  })

  it('openssl: a server that curl trusts; kubectl does not, since the commands make no alternative name', async () => {
    await scratch.shell(
      `
      openssl genrsa -out ca.key 2048
      openssl req -x509 -new -nodes -key ca.key -subj "/CN=\${MASTER_IP}" -days 10000 -out ca.crt
      openssl genrsa -out server.key 2048
      openssl req -new -key server.key -subj "/CN=\${MASTER_IP}" -out server.csr
      openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 10000
      `,
      { MASTER_IP },
    )
    expect(await scratch.shell('openssl x509  -noout -text -in ./server.crt')).toContain(
      `Issuer: CN=${MASTER_IP}`,
    )
    const cluster = await startCluster(
      scratch,
      'openssl',
      flagsFor(scratch, 'ca.crt', 'server.crt', 'server.key'),
    )
    try {
      const answer = await scratch.shell(
        `curl --disable --silent --noproxy '*' --cacert ca.crt --header 'Authorization: Bearer janes-token' ${cluster.origin}/version`,
      )
      expect(JSON.parse(answer)).toMatchObject({ major: '1' })
      const trusting = { ...cluster, caFile: scratch.path('ca.crt') }
      const client = clientOf(scratch, trusting, await kubectlOf('1.35'), { token: 'janes-token' })
      const { stderr } = await client.kubectl('get namespaces')
      expect(stderr).toMatch(/relies on legacy Common Name field|doesn't contain any IP SANs/)
    } finally {
      await cluster.stop()
    }
  })
})

describe.runIf(has('openssl', 'unzip')).each(RELEASES)('the certificates API, with kubectl %s', (release) => {
  let scratch: Scratch
  let cluster: Cluster
  let kubectl: string
  let admin: Client

  beforeAll(async () => {
    scratch = makeScratch()
    kubectl = await kubectlOf(release)
    cluster = await startCluster(scratch, 'data')
    admin = clientOf(scratch, cluster, kubectl)
    await admin.done('create clusterrole nodes --verb=list --resource=nodes')
    await admin.done('create clusterrolebinding nodes --clusterrole=nodes --group=app1')
  })
  afterAll(async () => {
    await cluster.stop()
    scratch.remove()
  })

  const request = async (name: string): Promise<string> => {
    await scratch.shell(`
      openssl genrsa -out ${name}.key 2048
      openssl req -new -key ${name}.key -out ${name}.csr -subj "/CN=${name}/O=app1"
    `)
    return JSON.stringify({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: readFileSync(scratch.path(`${name}.csr`)).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    })
  }

  it('turns a request into a certificate that authenticates', async () => {
    await admin.done('create -f -', await request('jane'))
    expect(await admin.done('get csr')).toMatch(
      /^NAME +AGE +SIGNERNAME +REQUESTOR .*CONDITION\njane .* Pending\n/,
    )
    expect(await admin.done('certificate approve jane')).toBe(
      'certificatesigningrequest.certificates.k8s.io/jane approved\n',
    )
    await vi.waitFor(async () => expect(await admin.done('get csr jane')).toContain('Approved,Issued'))
    const certificate = await admin.done('get csr jane -o jsonpath={.status.certificate}')
    scratch.write('jane.crt', Buffer.from(certificate, 'base64').toString())
    const user = { 'client-certificate': scratch.path('jane.crt'), 'client-key': scratch.path('jane.key') }
    const jane = clientOf(scratch, cluster, kubectl, user)
    expect((await jane.kubectl('get nodes')).stderr).toContain('No resources found')
    expect((await jane.kubectl('get secrets')).stderr).toContain('User "jane" cannot list resource "secrets"')
  })

  it('issues nothing for a request that is denied, or that is not approved', async () => {
    await admin.done('create -f -', await request('mallory'))
    expect(await admin.done('certificate deny mallory')).toContain('mallory denied')
    expect(await admin.done('get csr mallory')).toContain('Denied')
    expect(await admin.done('get csr mallory -o jsonpath={.status.certificate}')).toBe('')
    const { stderr } = await admin.kubectl('certificate approve mallory')
    expect(stderr).not.toBe('')
  })
})
