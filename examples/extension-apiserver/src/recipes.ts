import {
  bearer,
  clientCertificate,
  curl,
  failure,
  forbidden as forbiddenBecause,
  type Material,
  near,
  type Recipe,
  trusting,
  UNAUTHORIZED,
} from '@kube-authn-example/material'
import { getProduct, GROUP, listProducts, VERSION } from './products.ts'
import type { Secret } from './material.ts'

/** The values in the commands. */
export interface Surroundings {
  readonly material: Material<Secret>
  /** The origins of the cluster, and of the app behind it. */
  readonly cluster: string
  readonly app: string
  /** The path of a kubeconfig for the cluster, as jane. */
  readonly janesKubeconfig: string
  /** A token of the service account `cart`. */
  readonly cartsToken: string
}

const PRODUCTS = `/apis/${GROUP}/${VERSION}/products`
const ESPRESSO = JSON.stringify(getProduct('espresso'))

/** Commands through the cluster and directly to the app, for every method of authentication and every refusal. */
export function recipes(surroundings: Surroundings): readonly Recipe[] {
  const { material, cluster, app, cartsToken, janesKubeconfig } = surroundings
  const ask = (url: string, ...options: readonly string[]): string =>
    curl(url, trusting(material, url.startsWith(cluster) ? 'ca' : 'catalog-ca'), ...options)
  const jane = bearer(material.secrets.janesToken)
  const joe = bearer(material.secrets.joesToken)
  return [
    {
      title: 'through the cluster, as jane, who is allowed',
      command: ask(`${cluster}${PRODUCTS}`, jane),
      answer: JSON.stringify(listProducts()),
    },
    {
      title: 'through the cluster, as joe, who is forbidden',
      command: ask(`${cluster}${PRODUCTS}`, joe),
      answer: forbidden('list'),
    },
    {
      title: 'through the cluster, as a program, with the token of its service account',
      command: ask(`${cluster}${PRODUCTS}/espresso`, bearer(cartsToken)),
      answer: ESPRESSO,
    },
    {
      title: 'through the cluster, as the admin, who acts as joe',
      command: ask(
        `${cluster}${PRODUCTS}/espresso`,
        clientCertificate(material, 'admin'),
        `--header 'Impersonate-User: joe'`,
      ),
      answer: forbidden('get', 'espresso'),
    },
    {
      title: 'through the cluster, for a product that does not exist',
      command: ask(`${cluster}${PRODUCTS}/mocha`, jane),
      answer: failure(404, 'NotFound', `products.${GROUP} "mocha" not found`, {
        name: 'mocha',
        group: GROUP,
        kind: 'products',
      }),
    },
    {
      title: 'directly to the app, with a token: the app verifies it by TokenReview',
      command: ask(`${app}${PRODUCTS}/espresso`, jane),
      answer: ESPRESSO,
    },
    {
      title: 'directly to the app, as joe: the app authorizes him by SubjectAccessReview',
      command: ask(`${app}${PRODUCTS}/espresso`, joe),
      answer: forbidden('get', 'espresso'),
    },
    {
      title:
        'directly to the app, with a client certificate of the cluster CA, which the app reads from the ConfigMap',
      command: ask(`${app}${PRODUCTS}/espresso`, clientCertificate(material, 'ann')),
      answer: ESPRESSO,
    },
    {
      title: 'directly to the app, with headers that only the front proxy may send',
      command: ask(
        `${app}${PRODUCTS}`,
        `--header 'X-Remote-User: admin'`,
        `--header 'X-Remote-Group: system:masters'`,
      ),
      answer: UNAUTHORIZED,
    },
    { title: 'without a credential', command: ask(`${app}${PRODUCTS}`), answer: UNAUTHORIZED },
    { title: 'a probe', command: ask(`${app}/readyz`), answer: 'ok' },
    {
      title: 'with kubectl, if you have it, as jane',
      command: `kubectl --kubeconfig ${near(janesKubeconfig)} get product espresso --output name`,
      answer: `product.${GROUP}/espresso`,
    },
  ]
}

function forbidden(verb: string, name?: string): string {
  const object = name === undefined ? '' : ` "${name}"`
  return forbiddenBecause(
    `products.${GROUP}${object} is forbidden: User "joe" cannot ${verb} resource "products" in API group "${GROUP}" at the cluster scope`,
    { name, group: GROUP, kind: 'products' },
  )
}
