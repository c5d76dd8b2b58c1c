import { objectAnswer } from '@kube-authn/api/internal'
import { CREATED_AT } from '../registry/resources/columns.ts'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { apiVersionOf } from '../registry/resource.ts'
import { requireOtherForm, requireStream } from './accept.ts'
import { answerWith, type ObjectRequest, reachVersion } from './object-request.ts'
import { listAnswer, listItem } from './list-answer.ts'
import { type ListOptions, listOptions, requireVersion } from './query-options.ts'
import { partialObject, type RowContent, rowOf, tableHead } from './table.ts'
import { watchResponse } from './watch-response.ts'

/**
 * Answers GET: one object, a list or a watch.
 *
 * Source: apiserver `pkg/endpoints/handlers/get.go`.
 *
 * Deviation: a list is of the present (`docs/deviations.md`, versions of lists).
 */
export async function answerRead(asked: ObjectRequest): Promise<HttpAnswer | Response> {
  const { target, registry } = asked
  if (target.name !== '') {
    await reachVersion(asked)
    return answerWith(asked, 200, await registry.get(target))
  }
  const options = listOptions(asked.options)
  if (options.isWatch) {
    requireStream(asked)
    return watchResponse(asked, options)
  }
  requireOtherForm(asked.form, 'metadata')
  return list(asked, options)
}

async function list(asked: ObjectRequest, options: ListOptions): Promise<HttpAnswer | Response> {
  const { target, form, registry, clock } = asked
  const { resource } = target
  await reachVersion(asked)
  const page = await registry.listStored({ ...target, ...options }, options)
  requireVersion(page.resourceVersion, options)
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continue !== undefined && { continue: page.continue }),
  }
  const { items: objects } = page
  if (form === 'object') {
    const head = { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata }
    return listAnswer({ head, member: 'items', objects, shown: listItem })
  }
  if (form === 'metadataList') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata }
    return listAnswer({ head, member: 'items', objects, shown: partialObject })
  }
  const row: RowContent = { resource, include: options.includeObject, nowMs: clock.now() }
  const head = tableHead({ resource, metadata })
  // The table of kinds without columns of their own has no empty list there.
  if (objects.length === 0 && resource.columns.includes(CREATED_AT))
    return objectAnswer(200, { ...head, rows: null })
  return listAnswer({ head, member: 'rows', objects, shown: (object) => rowOf(row, object) })
}
