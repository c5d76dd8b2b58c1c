/** The API that this server adds to a cluster. */
export const GROUP = 'shop.example.com'
export const VERSION = 'v1'

/** Its only resource, which is cluster-scoped. */
export interface Product {
  readonly kind: 'Product'
  readonly apiVersion: string
  readonly metadata: { readonly name: string; readonly creationTimestamp: string }
  readonly spec: { readonly price: string }
}

const apiVersion = `${GROUP}/${VERSION}`

const PRODUCTS: ReadonlyMap<string, Product> = new Map(
  [product('espresso', '2.40'), product('tea', '2.10')].map((each) => [each.metadata.name, each]),
)

function product(name: string, price: string): Product {
  const metadata = { name, creationTimestamp: '2025-11-01T08:00:00Z' }
  return { kind: 'Product', apiVersion, metadata, spec: { price } }
}

/** Returns `undefined` for an unknown name. */
export function getProduct(name: string): Product | undefined {
  return PRODUCTS.get(name)
}

/** All products, as the Kubernetes API lists objects. */
export function listProducts(): object {
  return { kind: 'ProductList', apiVersion, metadata: {}, items: [...PRODUCTS.values()] }
}

/** The resources of the API, which `kubectl get products` reads to find the path. */
export const RESOURCES: object = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: apiVersion,
  resources: [
    { name: 'products', singularName: 'product', namespaced: false, kind: 'Product', verbs: ['get', 'list'] },
  ],
}
