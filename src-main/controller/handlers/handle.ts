import { handlerFor } from '../../wire/handler.ts'
import type { Controller } from '../controller.ts'

/** What the handlers of the controller listener ask. */
export interface ControllerParts {
  readonly controller: Controller
}

/** Declares a handler of the controller: the request's and the answer's types follow from the API. */
export const handle = handlerFor<ControllerParts>()
