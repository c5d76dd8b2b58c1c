import { bearer, curl, forbidden, header, type Recipe, UNAUTHORIZED } from '@kube-authn-example/material'

/** The values in the commands. */
export interface Surroundings {
  readonly origin: string
  /** The origin that emulates Cloudflare's edge; `undefined` on other runtimes than workerd. */
  readonly edgeOrigin: string | undefined
  /** Static tokens. */
  readonly janesToken: string
  readonly clarksToken: string
  /** Tokens of the two issuers. */
  readonly marysToken: string
  readonly cartsToken: string
}

/** One command for each method of authentication, and for each kind of failure. */
export function recipes(surroundings: Surroundings): readonly Recipe[] {
  const { origin, edgeOrigin, janesToken, clarksToken, marysToken, cartsToken } = surroundings
  const superman = [header('Impersonate-User: superman'), header('Impersonate-Group: operators')]
  const certificate = (told: object): string => header(`CF-Blob: ${JSON.stringify({ tlsClientAuth: told })}`)

  const atTheEdge = (edge: string): readonly Recipe[] => [
    {
      title: 'with a client certificate, as Cloudflare describes it: this port emulates its edge',
      command: curl(`${edge}/whoami`, certificate(VERIFIED)),
      answer: '{"username":"jbeda","groups":["app1","app2","system:authenticated"]}',
    },
    {
      title: 'with a revoked certificate, which Cloudflare still reports as verified',
      command: curl(`${edge}/whoami`, certificate({ ...VERIFIED, certRevoked: '1' })),
      answer: UNAUTHORIZED,
    },
  ]
  return [
    {
      title: 'with a static token',
      command: curl(`${origin}/whoami`, bearer(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    {
      title: 'with an ID token of an OpenID Connect provider',
      command: curl(`${origin}/whoami`, bearer(marysToken)),
      answer: '{"username":"oidc:mary","groups":["oidc:operators","system:authenticated"]}',
    },
    {
      title: 'as a service account of a cluster, which may read nodes',
      command: curl(`${origin}/nodes/mynode`, bearer(cartsToken)),
      answer: '{"node":"mynode","user":"system:serviceaccount:shop:cart"}',
    },
    ...(edgeOrigin === undefined ? [] : atTheEdge(edgeOrigin)),
    {
      title: 'with a header that only the edge may write, which this port ignores',
      command: curl(`${origin}/whoami`, certificate(VERIFIED)),
      answer: UNAUTHORIZED,
    },
    {
      title: 'with a wrong token, which never becomes anonymous',
      command: curl(`${origin}/healthz`, bearer('wrong')),
      answer: UNAUTHORIZED,
    },
    {
      title: 'clark may not read a node',
      command: curl(`${origin}/nodes/mynode`, bearer(clarksToken)),
      answer: forbidden(
        'nodes "mynode" is forbidden: User "clark" cannot get resource "nodes" in API group "" at the cluster scope',
        { name: 'mynode', kind: 'nodes' },
      ),
    },
    {
      title: 'but clark may act as superman, who may',
      command: curl(`${origin}/nodes/mynode`, bearer(clarksToken), ...superman),
      answer: '{"node":"mynode","user":"superman","requester":"clark"}',
    },
    {
      title: 'jane may not act as another user',
      command: curl(`${origin}/nodes/mynode`, bearer(janesToken), ...superman),
      answer: forbidden('forbidden: User "jane" cannot impersonate-on:user-info:get path "/nodes/mynode"'),
    },
  ]
}

const VERIFIED = {
  certPresented: '1',
  certVerified: 'SUCCESS',
  certRevoked: '0',
  certSubjectDN: 'CN=jbeda,O=app2,O=app1',
}
