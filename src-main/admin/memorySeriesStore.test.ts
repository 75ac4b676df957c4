import { seriesStoreBehaves } from '../simulation/seriesStoreBehaves.suite.ts'
import { MemorySeriesStore } from './memorySeriesStore.ts'

seriesStoreBehaves('a store in memory', () => new MemorySeriesStore())
