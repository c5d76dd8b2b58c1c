import { getUser } from '@kube-authn/express'
import { Controller, Get, Req } from '@nestjs/common'
import type { Request } from 'express'

@Controller()
export class UsersController {
  @Get()
  me(@Req() request: Request): string {
    return getUser(request).username
  }
}
