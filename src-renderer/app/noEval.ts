import { z } from 'zod'

// Zod would compile its parsers with `new Function`, which the content security policy refuses. This module has to load before the contract.
z.config({ jitless: true })
