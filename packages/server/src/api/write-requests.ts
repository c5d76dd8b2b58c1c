import type { HttpAnswer } from '@kube-authn/core/adapter'
import { checkFields, fieldValidationOf, objectAnswer } from '@kube-authn/core/internal/api'
import type { KubeObject } from '../registry/kube-object.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import type { ActionSubresource } from '../registry/resource.ts'
import { answerWith, type ObjectRequest, requireCreator, writeOf } from './object-request.ts'
import { readSentBody } from './sent-body.ts'
import { requireWriteOptions } from './write-options.ts'

/**
 * Answers the POST of an object.
 *
 * Source: apiserver `pkg/endpoints/handlers/create.go`.
 */
export async function answerCreate(asked: ObjectRequest): Promise<HttpAnswer> {
  const { resource, namespace } = asked.target
  requireWriteOptions(asked.request.query, 'CreateOptions')
  requireCreator(asked)
  const object = await readSent(asked)
  return answerWith(asked, 201, await asked.registry.create({ resource, namespace }, object, writeOf(asked)))
}

/**
 * Answers the PUT of an object or of a part of it.
 *
 * Source: apiserver `pkg/endpoints/handlers/update.go`.
 */
export async function answerUpdate(asked: ObjectRequest): Promise<HttpAnswer> {
  requireWriteOptions(asked.request.query, 'UpdateOptions')
  const sent = await readSent(asked)
  const { object, isCreated } = await asked.registry.put(asked.target, sent, writeOf(asked))
  return answerWith(asked, isCreated ? 201 : 200, object)
}

/** Answers the POST of a subresource. */
export async function answerAction(
  asked: ObjectRequest,
  subresource: ActionSubresource,
): Promise<HttpAnswer> {
  const { request, target, options, registry, warnings } = asked
  requireWriteOptions(request.query, 'CreateOptions')
  const { namespace, name } = target
  const sent = await readSentBody(asked, subresource)
  const action = { namespace, name, ...sent, query: request.query, isDryRun: options.isDryRun }
  return objectAnswer(201, await registry.act(subresource, action, writeOf(asked)), warnings)
}

// Deviation: what is sent must be an object, in YAML 1.2 (`docs/deviations.md`, null as an object; YAML of objects; media types of discovery).
async function readSent(asked: ObjectRequest): Promise<KubeObject> {
  const { request, target, warnings } = asked
  const { resource } = target
  const { value, duplicates } = await readSentBody(asked, resource)
  const { object, errors } = readKubeObject(value, resource)
  warnings.push(...checkFields(errors, fieldValidationOf(request.query), duplicates))
  return object
}
