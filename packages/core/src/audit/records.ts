import { Given } from '../internal/given.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { AuditRecord } from './record.ts'

/** The records of one audit log, each with the lifetime of its request. */
export interface AuditRecords {
  of(request: AuthenticationRequest): AuditRecord | undefined
  keep(request: AuthenticationRequest, record: AuditRecord): void
}

/**
 * Keeps each record in a private field of its request: entries of a `WeakMap` delay every garbage collection. Objects that take no fields
 * are in a `WeakMap`.
 */
export function auditRecords(): AuditRecords {
  const others = new WeakMap<AuthenticationRequest, AuditRecord>()

  return class Recorded extends Given {
    readonly #record: AuditRecord

    constructor(request: AuthenticationRequest, record: AuditRecord) {
      super(request)
      this.#record = record
    }

    static of(request: AuthenticationRequest): AuditRecord | undefined {
      return #record in request ? request.#record : others.get(request)
    }

    static keep(request: AuthenticationRequest, record: AuditRecord): void {
      if (Object.isExtensible(request)) void new Recorded(request, record)
      else others.set(request, record)
    }
  }
}
