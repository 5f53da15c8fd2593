import { InvalidRequest } from '../../core/errors.ts';
import { parseRequest } from '../../core/request.ts';

/** The smallest input, with one field set by its path. */
export function inputWith(path: readonly (string | number)[], value: unknown): unknown {
  const input = {
    source: { bucket: 'media-archive', endpoint: 'https://s3.example.com' },
    destination: { bucket: 'archive' },
  };
  let place: object = input;
  for (const [index, part] of path.entries()) {
    if (index === path.length - 1) Reflect.set(place, part, value);
    else {
      if (Reflect.get(place, part) === undefined)
        Reflect.set(place, part, typeof path[index + 1] === 'number' ? [] : {});
      place = Reflect.get(place, part);
    }
  }
  return input;
}

/** Why the input is refused, in the words of `InvalidRequest`. */
export function refusalOf(input: unknown): string {
  try {
    parseRequest(input);
  } catch (error) {
    if (error instanceof InvalidRequest) return error.message;
    throw error;
  }
  return 'not refused';
}
