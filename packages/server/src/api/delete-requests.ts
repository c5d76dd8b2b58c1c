import type { HttpAnswer } from '@kube-authn/core/adapter'
import { fieldValidationOf, objectAnswer, readBodyValue } from '@kube-authn/core/internal'
import { apiVersionOf } from '../registry/resource.ts'
import { ignoreMissing } from '../registry/status-errors.ts'
import { expectedOf } from './expected-object.ts'
import { type DeleteOptions, readDeleteOptions } from './delete-options.ts'
import { answerWith, MAX_BODY_BYTES, type ObjectRequest, writeOf } from './object-request.ts'
import { listOptions } from './list-options.ts'
import { pageOf } from './query-options.ts'

/**
 * Answers the DELETE of one object.
 *
 * Source: apiserver `pkg/endpoints/handlers/delete.go`.
 */
export async function answerDelete(asked: ObjectRequest): Promise<HttpAnswer> {
  const { target, registry, warnings } = asked
  const options = await readOptions(asked)
  const left = await registry.delete(target, options.preconditions, writeOf(asked, options.isDryRun))
  const { deletionTimestamp, name, uid } = left.metadata
  if (deletionTimestamp !== undefined) return answerWith(asked, 200, left)
  const { group, plural } = target.resource
  const details = { name, ...(group !== '' && { group }), kind: plural, uid }
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
  return objectAnswer(200, status, warnings)
}

/** Answers the DELETE of a collection. */
export async function answerDeleteAll(asked: ObjectRequest): Promise<HttpAnswer> {
  const { target, registry, warnings } = asked
  const { resource } = target
  const selected = listOptions(asked.options)
  const options = await readOptions(asked)
  const page = await registry.list({ ...target, ...selected }, pageOf(selected))
  for (const { metadata } of page.items) {
    const { name = '', namespace = '' } = metadata
    await registry
      .delete({ resource, namespace, name }, options.preconditions, writeOf(asked, options.isDryRun))
      .catch(ignoreMissing)
  }
  const { resourceVersion, items } = page
  const kind = `${resource.kind}List`
  const list = { kind, apiVersion: apiVersionOf(resource), metadata: { resourceVersion }, items }
  return objectAnswer(200, list, warnings)
}

async function readOptions({ request, body, options }: ObjectRequest): Promise<DeleteOptions> {
  const bytes = await body(MAX_BODY_BYTES)
  const expected = expectedOf({ group: '', version: 'v1', kind: 'DeleteOptions' })
  const value =
    bytes?.length === 0
      ? undefined
      : await readBodyValue(request, () => Promise.resolve(bytes), expected, MAX_BODY_BYTES)
  const read = readDeleteOptions(value, fieldValidationOf(request.query))
  return { ...read, isDryRun: read.isDryRun || options.isDryRun }
}
