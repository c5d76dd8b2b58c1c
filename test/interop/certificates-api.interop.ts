import type { Server } from 'node:https'
import { authenticatedGroup, type Authenticator, bearerToken, union } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { parseRbac, privilegedGroups, rbac, unionAuthorizer } from '@kube-authn/core/authorization'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import { withAuthentication, withAuthorization, withImpersonation } from '@kube-authn/fetch'
import { kubernetesApi } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import {
  allResources,
  certificateSigningRequests as resource,
  csrApprover,
  csrSigner,
  registry,
} from '@kube-authn/server/internal'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { documented } from './documented.ts'
import { listen, portOf, presentedCertificates } from './fetch-https.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const TOKENS = `
admins-token,admin,1,system:masters
janes-token,jane,2
approvers-token,approver,3
bootstrap-token,system:node:n1,4,system:nodes
`

const ROLES = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: requesters }
rules:
- { nonResourceURLs: [/api, /api/*, /apis, /apis/*], verbs: [get] }
- { apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create, get, list] }
- { apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: requesters }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: requesters }
subjects:
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: system:authenticated }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: approvers }
rules:
- { apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: [kubernetes.io/*], verbs: [approve] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: approvers }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approvers }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: approver }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: nodes }
rules:
- { apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/selfnodeclient], verbs: [create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: nodes }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nodes }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: system:nodes }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: readers }
rules:
- { apiGroups: [""], resources: [configmaps], verbs: [list] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: readers }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: readers }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: app2 }]
`

/** Authenticates the client of the connection. */
function connectionCertificate(ca: string): Authenticator {
  const certificates = clientCertificate({ ca })
  return {
    name: 'connection',
    authenticate: ({ method, path, query, headers }, context) =>
      certificates.authenticate(
        { method, path, query, headers, peerCertificates: presentedCertificates },
        context,
      ),
  }
}

describe.runIf(has('kubectl', 'openssl', 'easyRsa')).each(['rsa:2048', 'ec'])(
  'the certificates API with a CA of %s, used with kubectl',
  (kind) => {
    let scratch: Scratch
    let server: Server
    let serverCA: string
    let reconcile: () => Promise<void>

    beforeAll(async () => {
      scratch = makeScratch()
      const curve = kind === 'ec' ? '-pkeyopt ec_paramgen_curve:prime256v1' : ''
      await scratch.shell(
        `openssl req -x509 -newkey ${kind} ${curve} -nodes -subj '/O=kube-authn/CN=clients' -addext keyUsage=critical,keyCertSign,cRLSign -days 30 -keyout ca.key -out ca.crt`,
      )
      const [certificate, privateKey] = [await scratch.shell('cat ca.crt'), await scratch.shell('cat ca.key')]
      const pki = await createPki({ commonName: 'servers' })
      serverCA = pki.caPem
      const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
      const policy = unionAuthorizer(privilegedGroups('system:masters'), rbac(parseRbac(ROLES)))
      const store = memoryObjectStore()
      const api = await kubernetesApi({ store, authorizer: policy })
      const authenticator = authenticatedGroup(
        union(connectionCertificate(certificate), bearerToken(tokenFile(TOKENS))),
      )
      server = await listen(
        { cert, key },
        withAuthentication(
          authenticator,
          withImpersonation(
            policy,
            withAuthorization(policy, (received, caller) => api(received, caller)),
          ),
        ),
      )
      const objects = registry({ store, resources: allResources })
      const authority = () => ({ certificate, privateKey })
      const controllers = [
        csrApprover({ registry: objects, authorizer: policy }),
        csrSigner({ registry: objects, authority, clock: systemClock }),
      ]
      reconcile = async () => {
        for (const controller of controllers) {
          const { items } = await objects.list({ resource, namespace: '' })
          for (const object of items) {
            const { name = '' } = object.metadata
            await controller.reconcile({ resource, namespace: '', name }, object)
          }
        }
      }
    })
    afterAll(() => {
      server.close()
      server.closeAllConnections()
      scratch.remove()
    })

    const run = (user: Readonly<Record<string, string>>, line: string): Promise<KubectlRun> => {
      const target = { server: `https://127.0.0.1:${portOf(server)}`, ca: serverCA, user }
      return kubectl(scratch, target, line.split(' '))
    }
    const as = (token: string, line: string): Promise<KubectlRun> => run({ token }, line)

    /** Creates a request from a file in PEM. */
    async function request(
      name: string,
      file: string,
      spec: object = {},
      token = 'janes-token',
    ): Promise<KubectlRun> {
      const manifest = scratch.write(
        `${name}.json`,
        JSON.stringify({
          apiVersion: 'certificates.k8s.io/v1',
          kind: 'CertificateSigningRequest',
          metadata: { name },
          spec: {
            request: Buffer.from(await scratch.shell(`cat ${file}`)).toString('base64'),
            signerName: 'kubernetes.io/kube-apiserver-client',
            usages: ['client auth'],
            expirationSeconds: 86_400,
            ...spec,
          },
        }),
      )
      return as(token, `create --validate=false -f ${manifest}`)
    }

    /** The issued certificate, in a file. */
    async function issued(name: string): Promise<string> {
      const { stdout } = await as('janes-token', `get csr ${name} -o jsonpath={.status.certificate}`)
      return scratch.write(`${name}.crt`, Buffer.from(stdout, 'base64').toString())
    }

    /** Runs kubectl with a certificate. */
    async function withCertificate(crt: string, key: string, line: string): Promise<KubectlRun> {
      const base64 = (file: string): Promise<string> => scratch.shell(`base64 -w0 ${file}`)
      return run({ 'client-certificate-data': await base64(crt), 'client-key-data': await base64(key) }, line)
    }

    it.each([
      ['rsa', '-newkey rsa:2048'],
      ['p-256', '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1'],
      ['p-384', '-newkey ec -pkeyopt ec_paramgen_curve:secp384r1'],
      ['p-521', '-newkey ec -pkeyopt ec_paramgen_curve:secp521r1'],
      ['ed25519', '-newkey ed25519'],
      ['pss', '-newkey rsa:2048 -sigopt rsa_padding_mode:pss -sha256'],
    ])('a request of openssl becomes a certificate that works: %s', async (name, options) => {
      await scratch.shell(
        `openssl req -new ${options} -nodes -keyout ${name}.key -out ${name}.csr -subj '/CN=jbeda/O=app1/O=app2' -addext subjectAltName=DNS:a.example,IP:2001:db8::1,URI:spiffe://a/b,email:a@b.example`,
      )
      expect(await request(name, `${name}.csr`)).toEqual({
        stdout: `certificatesigningrequest.certificates.k8s.io/${name} created\n`,
        stderr: '',
        exitCode: 0,
      })
      expect((await as('janes-token', `get csr ${name}`)).stdout).toMatch(
        new RegExp(
          `^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\n${name} +\\d+s +kubernetes.io/kube-apiserver-client +jane +24h +Pending\n$`,
        ),
      )
      expect(await as('approvers-token', `certificate approve ${name}`)).toEqual({
        stdout: `certificatesigningrequest.certificates.k8s.io/${name} approved\n`,
        stderr: '',
        exitCode: 0,
      })
      await reconcile()
      expect((await as('janes-token', `get csr ${name} --no-headers`)).stdout).toMatch(/ Approved,Issued\n$/)
      const crt = await issued(name)
      expect(
        await scratch.shell(`openssl verify -x509_strict -purpose sslclient -CAfile ca.crt ${crt}`),
      ).toBe(`${crt}: OK\n`)
      const text = await scratch.shell(
        `openssl x509 -noout -subject -ext subjectAltName,keyUsage,extendedKeyUsage,basicConstraints -in ${crt}`,
      )
      expect(text).toMatch(/O ?= ?app1, O ?= ?app2, CN ?= ?jbeda\n/)
      expect(text).toContain(
        'DNS:a.example, email:a@b.example, IP Address:2001:DB8:0:0:0:0:0:1, URI:spiffe://a/b',
      )
      expect(text).toMatch(/TLS Web Client Authentication\n/)
      expect(text).toMatch(/CA:FALSE/)
      expect(await withCertificate(crt, `${name}.key`, 'get configmaps')).toEqual({
        stdout: '',
        stderr: 'No resources found in default namespace.\n',
        exitCode: 0,
      })
      expect((await withCertificate(crt, `${name}.key`, 'get secrets')).stderr).toContain(
        'User "jbeda" cannot list resource "secrets"',
      )
    })

    it('the commands of the page work', async () => {
      const cluster = {
        server: `https://127.0.0.1:${portOf(server)}`,
        'certificate-authority-data': Buffer.from(serverCA).toString('base64'),
      }
      const KUBECONFIG = scratch.write(
        'page/config',
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [{ name: 'app', cluster }],
          users: [{ name: 'admin', user: { token: 'admins-token' } }],
          contexts: [{ name: 'app', context: { cluster: 'app', user: 'admin' } }],
          'current-context': 'app',
        }),
      )
      const pageOf = (heading: string): Promise<string> =>
        scratch.shell(documented(heading, 'sh'), { KUBECONFIG, HOME: scratch.path('page') }, 'page')
      expect(await pageOf('The certificates API')).toMatch(
        /jbeda created\n[^]* admin +24h +Pending\n[^]*jbeda approved\n$/,
      )
      await reconcile()
      expect(await pageOf('The issued certificate')).toMatch(/CN ?= ?jbeda\nnotAfter=/)
    })

    it('a request of easy-rsa becomes a certificate that works', async () => {
      await scratch.shell(`make-cadir easy-rsa
        cd easy-rsa
        ./easyrsa init-pki
        ./easyrsa --batch --dn-mode=org --req-cn=eve --req-org=app2 --req-c= --req-st= --req-city= --req-email= --req-ou= gen-req eve nopass`)
      expect(await request('eve', 'easy-rsa/pki/reqs/eve.req')).toMatchObject({ stderr: '', exitCode: 0 })
      await as('approvers-token', 'certificate approve eve')
      await reconcile()
      const crt = await issued('eve')
      expect(await scratch.shell(`openssl verify -CAfile ca.crt ${crt}`)).toBe(`${crt}: OK\n`)
      expect(await withCertificate(crt, 'easy-rsa/pki/private/eve.key', 'get configmaps')).toMatchObject({
        stderr: 'No resources found in default namespace.\n',
        exitCode: 0,
      })
    })

    it('a request that is denied stays without a certificate, and cannot be approved', async () => {
      await scratch.shell(
        `openssl req -new -newkey rsa:2048 -nodes -keyout mallory.key -out mallory.csr -subj /CN=mallory`,
      )
      await request('mallory', 'mallory.csr')
      expect(await as('approvers-token', 'certificate deny mallory')).toEqual({
        stdout: 'certificatesigningrequest.certificates.k8s.io/mallory denied\n',
        stderr: '',
        exitCode: 0,
      })
      const approval = await as('approvers-token', 'certificate approve mallory')
      expect([approval.exitCode, approval.stderr]).toEqual([1, expect.stringContaining('Denied')])
      await reconcile()
      expect((await as('janes-token', 'get csr mallory --no-headers')).stdout).toMatch(/ Denied\n$/)
      // kubectl does not refuse it by itself.
      const forced = await as('approvers-token', 'certificate approve mallory --force')
      expect([forced.exitCode, forced.stderr]).toEqual([1, expect.stringContaining('Denied')])
    })

    it('is for those who may', async () => {
      await scratch.shell(`openssl req -new -newkey rsa:2048 -nodes -keyout root.key -out root.csr -subj /O=system:masters/CN=root
        openssl req -new -newkey rsa:2048 -nodes -keyout bob.key -out bob.csr -subj /CN=bob`)
      expect((await request('root', 'root.csr')).stderr).toContain(
        'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      )
      await request('bob', 'bob.csr')
      expect((await as('janes-token', 'certificate approve bob')).stderr).toContain(
        'user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
      )
      expect((await request('no', 'bob.key')).stderr).toContain('PEM block type must be CERTIFICATE REQUEST')
      expect((await request('no', 'bob.csr', { usages: ['x'] })).stderr).toContain('Unsupported value: "x"')
    })

    it('approves a node by itself', async () => {
      await scratch.shell(
        'openssl req -new -newkey rsa:2048 -nodes -keyout n1.key -out n1.csr -subj /O=system:nodes/CN=system:node:n1',
      )
      const spec = {
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'key encipherment', 'client auth'],
      }
      await request('n1', 'n1.csr', spec, 'bootstrap-token')
      await reconcile()
      expect((await as('janes-token', 'get csr n1 --no-headers')).stdout).toMatch(
        / system:node:n1 +24h +Approved,Issued\n$/,
      )
      const forbidden = await withCertificate(await issued('n1'), 'n1.key', 'get secrets')
      expect(forbidden.stderr).toContain('User "system:node:n1" cannot list resource "secrets"')
    })

    it('selects by signer', async () => {
      const names = async (signer: string): Promise<string> =>
        (await as('janes-token', `get csr --field-selector spec.signerName=kubernetes.io/${signer} -o name`))
          .stdout
      expect(await names('kube-apiserver-client-kubelet')).toBe(
        'certificatesigningrequest.certificates.k8s.io/n1\n',
      )
      expect(await names('kubelet-serving')).toBe('')
    })
  },
)
