import { quoted } from '@kube-authn/internal/quote'
import { StatusError } from '../authenticator/status.ts'
import type { Attributes } from './attributes.ts'

/**
 * The message of a refusal, as in `User "jane" cannot get resource "pods" in API group "" in the namespace "shop"`.
 *
 * Source: apiserver `pkg/endpoints/handlers/responsewriters/errors.go`.
 */
export function forbiddenMessage(attributes: Attributes, reason = ''): string {
  const sentence = escapeHtml(describe(attributes))
  return reason === '' ? sentence : `${sentence}: ${reason}`
}

/**
 * A 403 as the Kubernetes API sends it. `details` names the refused object for clients; `details.kind` is the plural of the resource.
 *
 * @param reason the authorizer's reason, if any.
 * @param challenges further headers.
 */
export function forbidden(
  attributes: Attributes,
  reason = '',
  challenges: Readonly<Record<string, string>> = NONE,
): StatusError {
  const { name, apiGroup, resource } = attributes
  const qualified = apiGroup === '' ? resource : `${resource}.${apiGroup}`
  const object = name === '' ? `${qualified} is forbidden` : `${qualified} ${quoted(name)} is forbidden`
  const message = `${qualified === '' ? 'forbidden' : object}: ${forbiddenMessage(attributes, reason)}`
  const details = {
    ...(name !== '' && { name }),
    ...(apiGroup !== '' && { group: apiGroup }),
    ...(resource !== '' && { kind: resource }),
  }
  const headers = { 'x-content-type-options': 'nosniff', ...challenges }
  return new StatusError({ status: 403, reason: 'Forbidden', message, details, headers })
}

const NONE = Object.freeze({})

function describe(attributes: Attributes): string {
  const { user, verb, resource, subresource, apiGroup, namespace } = attributes
  const username = quoted(user.username)
  if (!attributes.resourceRequest) return `User ${username} cannot ${verb} path ${quoted(attributes.path)}`
  const what = quoted(subresource === '' ? resource : `${resource}/${subresource}`)
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quoted(namespace)}`
  return `User ${username} cannot ${verb} resource ${what} in API group ${quoted(apiGroup)} ${where}`
}

/** Escapes the three characters that Kubernetes escapes in answers that a browser might render as HTML. */
export function escapeHtml(text: string): string {
  if (!/[&<>]/.test(text)) return text
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
