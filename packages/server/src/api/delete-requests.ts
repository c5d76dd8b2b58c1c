import type { HttpAnswer } from '@kube-authn/core/adapter'
import { fieldValidationOf, objectAnswer } from '@kube-authn/api/internal'
import { isFinished } from '../registry/prepare-object.ts'
import { apiVersionOf } from '../registry/resource.ts'
import { ignoreMissing, ignoreOthers } from '../registry/status-errors.ts'
import { type DeleteOptions, deleteOptionsIn, readDeleteOptions } from './delete-options.ts'
import {
  answerWith,
  MAX_BODY_BYTES,
  type ObjectRequest,
  writeOf,
  reachVersion,
  readSentBody,
} from './object-request.ts'
import { listItem } from './list-answer.ts'
import { listOptions, requireVersion } from './query-options.ts'
import { dryRunIn } from './write-options.ts'

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
  const { group, plural, deletionAnswer } = target.resource
  if (deletionTimestamp !== undefined || deletionAnswer !== undefined) {
    const isKept = deletionTimestamp !== undefined && !isFinished(left)
    return answerWith(asked, isKept && options.orphanDependents === false ? 202 : 200, left)
  }
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
  await reachVersion(asked)
  const page = await registry.list({ ...target, ...selected }, selected)
  requireVersion(page.resourceVersion, selected)
  const hasOwn = Object.keys(options.preconditions).length > 0
  for (const { metadata } of page.items) {
    const { name = '', namespace = '', uid } = metadata
    // What was not listed, and has the name by now, is not meant.
    const preconditions = hasOwn || uid === undefined ? options.preconditions : { uid }
    await registry
      .delete({ resource, namespace, name }, preconditions, writeOf(asked, options.isDryRun))
      .catch(hasOwn ? ignoreMissing : ignoreOthers)
  }
  const { resourceVersion } = page
  const items = page.items.map(listItem)
  const kind = `${resource.kind}List`
  const list = { kind, apiVersion: apiVersionOf(resource), metadata: { resourceVersion }, items }
  return objectAnswer(200, list, warnings)
}

/** A dry run is one if the body or the query says so. */
async function readOptions({ request, body, target }: ObjectRequest): Promise<DeleteOptions> {
  const bytes = await body(MAX_BODY_BYTES)
  const inQuery = deleteOptionsIn(request.query, dryRunIn(request.query))
  if (bytes?.length === 0) return inQuery
  const received = { request, body: () => Promise.resolve(bytes) }
  const kind = { group: '', version: 'v1', kind: 'DeleteOptions' }
  const { value, duplicates } = await readSentBody(received, kind)
  const apiVersions = ['v1', 'meta.k8s.io/v1', apiVersionOf(target.resource)]
  const validation = fieldValidationOf(request.query)
  const sent = readDeleteOptions(value, validation, apiVersions, duplicates)
  return { ...sent, isDryRun: sent.isDryRun || inQuery.isDryRun }
}
