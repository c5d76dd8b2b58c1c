import { allow, type Decision } from '../decision.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { AnyBinding, Subject } from './objects.ts'
import type { RoleRules } from './role-rules.ts'

export class Grant {
  readonly binding: AnyBinding
  readonly subject: Subject
  /** The position of the binding in load order. */
  readonly position: number
  readonly subjectPosition: number
  /** The role that the binding refers to. */
  readonly role: RoleRules
  #decision: Decision | undefined

  constructor(
    binding: AnyBinding,
    subject: Subject,
    position: number,
    subjectPosition: number,
    role: RoleRules,
  ) {
    this.binding = binding
    this.subject = subject
    this.position = position
    this.subjectPosition = subjectPosition
    this.role = role
  }

  /** The decision that this grant leads to; created once. */
  get decision(): Decision {
    return (this.#decision ??= Object.freeze(allow(this.reason())))
  }

  /** The reason, as Kubernetes words it. */
  reason(): string {
    const { kind, name, namespace, roleRef } = this.binding
    const bound = quoted(kind === 'RoleBinding' ? `${name}/${namespace}` : name)
    const role = `${roleRef.kind} ${quoted(roleRef.name)}`
    const { subject } = this
    const ofSubject = subject.namespace === '' ? namespace : subject.namespace
    const to = quoted(subject.kind === 'ServiceAccount' ? `${subject.name}/${ofSubject}` : subject.name)
    return `RBAC: allowed by ${kind} ${bound} of ${role} to ${subject.kind} ${to}`
  }

  isBefore(other: Grant | undefined): boolean {
    return other === undefined || compareGrants(this, other) < 0
  }
}

export function compareGrants(a: Grant, b: Grant): number {
  return a.position - b.position || a.subjectPosition - b.subjectPosition
}
