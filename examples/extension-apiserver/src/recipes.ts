import { relative } from 'node:path'
import { getProduct, GROUP, listProducts, VERSION } from './products.ts'
import type { FileName, Material } from './material.ts'

/** A shell command, and its expected output. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** The values in the commands. */
export interface Surroundings {
  readonly material: Material
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
  const near = (name: FileName): string => nearby(material.path(name))
  const curl = (url: string, ...options: readonly string[]): string =>
    [
      'curl --silent --show-error --cacert',
      near(url.startsWith(cluster) ? 'ca.crt' : 'catalog-ca.crt'),
      ...options,
      url,
    ].join(' ')
  const token = (value: string): string => `--header ${quote(`Authorization: Bearer ${value}`)}`
  const certificate = (name: 'ann' | 'admin'): string =>
    `--cert ${near(`${name}.crt`)} --key ${near(`${name}.key`)}`
  const jane = token(material.read('jane.token'))
  const joe = token(material.read('joe.token'))
  return [
    {
      title: 'through the cluster, as jane, who is allowed',
      command: curl(`${cluster}${PRODUCTS}`, jane),
      answer: JSON.stringify(listProducts()),
    },
    {
      title: 'through the cluster, as joe, who is forbidden',
      command: curl(`${cluster}${PRODUCTS}`, joe),
      answer: forbidden('list'),
    },
    {
      title: 'through the cluster, as a program, with the token of its service account',
      command: curl(`${cluster}${PRODUCTS}/espresso`, token(cartsToken)),
      answer: ESPRESSO,
    },
    {
      title: 'through the cluster, as the admin, who acts as joe',
      command: curl(
        `${cluster}${PRODUCTS}/espresso`,
        certificate('admin'),
        `--header 'Impersonate-User: joe'`,
      ),
      answer: forbidden('get', 'espresso'),
    },
    {
      title: 'through the cluster, for a product that does not exist',
      command: curl(`${cluster}${PRODUCTS}/mocha`, jane),
      answer: failure(404, 'NotFound', `products.${GROUP} "mocha" not found`, {
        name: 'mocha',
        group: GROUP,
        kind: 'products',
      }),
    },
    {
      title: 'directly to the app, with a token: the app verifies it by TokenReview',
      command: curl(`${app}${PRODUCTS}/espresso`, jane),
      answer: ESPRESSO,
    },
    {
      title: 'directly to the app, as joe: the app authorizes him by SubjectAccessReview',
      command: curl(`${app}${PRODUCTS}/espresso`, joe),
      answer: forbidden('get', 'espresso'),
    },
    {
      title:
        'directly to the app, with a client certificate of the cluster CA, which the app reads from the ConfigMap',
      command: curl(`${app}${PRODUCTS}/espresso`, certificate('ann')),
      answer: ESPRESSO,
    },
    {
      title: 'directly to the app, with headers that only the front proxy may send',
      command: curl(
        `${app}${PRODUCTS}`,
        `--header 'X-Remote-User: admin'`,
        `--header 'X-Remote-Group: system:masters'`,
      ),
      answer: UNAUTHORIZED,
    },
    { title: 'without a credential', command: curl(`${app}${PRODUCTS}`), answer: UNAUTHORIZED },
    { title: 'a probe', command: curl(`${app}/readyz`), answer: 'ok' },
    {
      title: 'with kubectl, if you have it, as jane',
      command: `kubectl --kubeconfig ${nearby(janesKubeconfig)} get product espresso --output name`,
      answer: `product.${GROUP}/espresso`,
    },
  ]
}

function failure(code: number, reason: string, message: string, details?: object): string {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason }
  return JSON.stringify({ ...status, details, code })
}

const UNAUTHORIZED = failure(401, 'Unauthorized', 'Unauthorized')

function forbidden(verb: string, name?: string): string {
  const object = name === undefined ? '' : ` "${name}"`
  return failure(
    403,
    'Forbidden',
    `products.${GROUP}${object} is forbidden: User "joe" cannot ${verb} resource "products" in API group "${GROUP}" at the cluster scope`,
    { name, group: GROUP, kind: 'products' },
  )
}

/** Shortens a path relative to the current folder. */
function nearby(path: string): string {
  return quote(relative(process.cwd(), path))
}

/** Quotes one word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
