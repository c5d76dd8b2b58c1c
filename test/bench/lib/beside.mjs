// Has `@kube-authn/*` of this folder come from another checkout: node --import lib/beside.mjs, with the checkout in KUBE_AUTHN_BESIDE.
import { register } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const { KUBE_AUTHN_BESIDE: checkout } = process.env
if (checkout !== undefined) {
  const packages = pathToFileURL(`${resolve(checkout)}/packages/`).href
  const here = new URL('..', import.meta.url).href
  register('./beside-hooks.mjs', import.meta.url, { data: { packages, here } })
}
