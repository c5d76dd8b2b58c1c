import { relative } from 'node:path'
import { getProduct, GROUP, listProducts, VERSION } from './products.ts'
import type { FileName, Material } from './material.ts'

/** A line to paste into a shell, and what it prints. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** What lines to paste are made of. */
export interface Surroundings {
  readonly material: Material
  /** Of the cluster, and of the app behind it. */
  readonly cluster: string
  readonly app: string
  /** The path of a kubeconfig for the cluster, as jane. */
  readonly janesKubeconfig: string
  /** A token of the service account `cart`. */
  readonly cartsToken: string
}

const PRODUCTS = `/apis/${GROUP}/${VERSION}/products`
const ESPRESSO = JSON.stringify(getProduct('espresso'))

/** Through the cluster, and past it: every way to be known, and to be refused. */
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
      title: 'through the cluster, as jane, who may',
      command: curl(`${cluster}${PRODUCTS}`, jane),
      answer: JSON.stringify(listProducts()),
    },
    {
      title: 'through the cluster, as joe, who may not',
      command: curl(`${cluster}${PRODUCTS}`, joe),
      answer: forbidden('list'),
    },
    {
      title: 'through the cluster, as a program, by the token of its service account',
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
      title: 'through the cluster, for what is not there',
      command: curl(`${cluster}${PRODUCTS}/mocha`, jane),
      answer: failure(404, 'NotFound', `products.${GROUP} "mocha" not found`, {
        name: 'mocha',
        group: GROUP,
        kind: 'products',
      }),
    },
    {
      title: 'past the cluster, with a token: the app asks the cluster whose it is, by TokenReview',
      command: curl(`${app}${PRODUCTS}/espresso`, jane),
      answer: ESPRESSO,
    },
    {
      title: 'past the cluster, as joe: the app asks the cluster what he may do, by SubjectAccessReview',
      command: curl(`${app}${PRODUCTS}/espresso`, joe),
      answer: forbidden('get', 'espresso'),
    },
    {
      title: 'past the cluster, with a client certificate of its CA, which the app has from the ConfigMap',
      command: curl(`${app}${PRODUCTS}/espresso`, certificate('ann')),
      answer: ESPRESSO,
    },
    {
      title: 'past the cluster, with headers that only the front proxy may send',
      command: curl(
        `${app}${PRODUCTS}`,
        `--header 'X-Remote-User: admin'`,
        `--header 'X-Remote-Group: system:masters'`,
      ),
      answer: UNAUTHORIZED,
    },
    { title: 'nobody', command: curl(`${app}${PRODUCTS}`), answer: UNAUTHORIZED },
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

/** A path as one writes it here. */
function nearby(path: string): string {
  return quote(relative(process.cwd(), path))
}

/** One word of a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
