/* SPDX-License-Identifier: Apache-2.0
 *
 * bitloom for C, and for every language that can call C: loads a model, runs it on this CPU.
 *
 *   bitloom_program* program;                                              once
 *   bitloom_program_load("model.bloom", NULL, &program);
 *   bitloom_workspace* workspace;                                          once a thread that calls bitloom_run
 *   bitloom_workspace_create(program, &workspace);
 *   bitloom_run(program, workspace, images, inputs, 1, outputs, 1);        as often as you like; allocates nothing
 *
 * Conventions of all functions:
 *   - A function that can fail returns a bitloom_status and hands out its results through pointers, which it leaves alone
 *     when it fails (a pointer to a new object it sets to NULL). bitloom_error_message has the reason.
 *   - A NULL argument is an error (BITLOOM_ERROR), never a crash, unless its description allows it. The free functions
 *     take NULL and do nothing. A pointer to anything but what is asked for, or to something freed, is not detected.
 *   - Indices and counts are int64_t; an index outside 0 .. count - 1 is an error.
 *   - Text ends with a zero and belongs to bitloom. What a program hands out lives as long as the program. Names are the
 *     bytes that the model has, UTF-8 as a rule; a model may hold others. A path is what fopen takes.
 *   - A program is immutable: any number of threads may use it at once. A workspace serves one run at a time. An options
 *     object must not be changed while another thread uses it.
 *   - Nothing is printed, no signal is touched, and no C++ exception comes out.
 *
 * The binary interface grows and does not change. Objects are opaque and are asked by functions, not by structures: more
 * can be asked of a later library by more functions, and a binding for Python or Rust mirrors no layout. The two
 * structures that there are lie in arrays of the caller, where a size field could not make them grow, so they are final;
 * `reserved` holds room. Enumerations are passed as int32_t, since the size of an enum is the compiler's choice.
 */
#ifndef BITLOOM_H_
#define BITLOOM_H_

#include <stdint.h>

#if defined(__GNUC__)
#define BITLOOM_API __attribute__((visibility("default")))
#else
#define BITLOOM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------------------
 * Errors
 */

/** How a call went. */
typedef int32_t bitloom_status;
enum {
  BITLOOM_OK = 0,
  BITLOOM_ERROR = 1,          /**< the caller's mistake: a file, a size, a value, an argument */
  BITLOOM_UNSUPPORTED = 2,    /**< a legal model that bitloom does not handle yet */
  BITLOOM_INTERNAL_ERROR = 3, /**< a bug of bitloom; please report the message */
  BITLOOM_OUT_OF_MEMORY = 4
};

/** What was wrong with the last call of this thread that failed: where, what was found, what was expected. "" if none has
    failed. Valid until this thread's next failing call. Calls that succeed leave it alone, so look at the status first. */
BITLOOM_API const char* bitloom_error_message(void);

/** The version of the library that is running, as "0.1.0". Lives forever. */
BITLOOM_API const char* bitloom_version(void);

/* ------------------------------------------------------------------------------------------------------------------------
 * Options of a program
 */

/** How a model is read and compiled. */
typedef struct bitloom_options bitloom_options;

/** Makes options with their defaults. They may be used for any number of programs. */
BITLOOM_API bitloom_status bitloom_options_create(bitloom_options** options);

/** Frees options. The programs that were loaded with them stay as they are. */
BITLOOM_API void bitloom_options_free(bitloom_options* options);

/** How many threads share a batch; 0, the default, is one a hardware thread. More than those are never used. */
BITLOOM_API bitloom_status bitloom_options_set_threads(bitloom_options* options, int32_t threads);

/** If not 0 (the default), keeps each thread on a CPU of its own, the n-th of those that the process may use. */
BITLOOM_API bitloom_status bitloom_options_set_pin(bitloom_options* options, int32_t pin);

/** Instructions to use: "avx512vpopcnt", "avx512", "avx2", "sse4", "neon" or "portable", of which this build and this CPU
    have some. "" is the default: what the environment variable BITLOOM_TARGET says, else the best. A name that does not
    exist is refused when a program is loaded. */
BITLOOM_API bitloom_status bitloom_options_set_target(bitloom_options* options, const char* target);

/** What a float input of a model that is not a .bloom file stands for. */
enum {
  BITLOOM_INPUT_AUTO = 0,   /**< the default: as the model's annotations say, else by its shape */
  BITLOOM_INPUT_PIXELS = 1, /**< 8-bit pixels p, and the model's real number is p / 255 */
  BITLOOM_INPUT_UINT8 = 2,  /**< 8-bit integers p, and the model's real number is p */
  BITLOOM_INPUT_REAL = 3    /**< real numbers, which bitloom_quantize turns into integers */
};
BITLOOM_API bitloom_status bitloom_options_set_input(bitloom_options* options, int32_t input);

/* ------------------------------------------------------------------------------------------------------------------------
 * Programs
 */

/** A network compiled for this CPU. */
typedef struct bitloom_program bitloom_program;

/** Reads any model that bitloom can, known by its contents (a .bloom file, a QONNX .onnx file, a FINN topology .json with
    its .npz, a BNN-PYNQ parameter folder), and compiles it. `options` may be NULL for the defaults; they are copied. */
BITLOOM_API bitloom_status bitloom_program_load(const char* path, const bitloom_options* options,
                                                bitloom_program** program);

/** Frees a program. Its workspaces may be freed before or after. */
BITLOOM_API void bitloom_program_free(bitloom_program* program);

/** The network's name. */
BITLOOM_API bitloom_status bitloom_program_name(const bitloom_program* program, const char** name);

/** The instructions that it was compiled for, one of the names of bitloom_options_set_target. */
BITLOOM_API bitloom_status bitloom_program_target(const bitloom_program* program, const char** target);

/** The number of threads that a run has. */
BITLOOM_API bitloom_status bitloom_program_threads(const bitloom_program* program, int32_t* threads);

/** Images that a thread computes together. Batches run best if they hold a multiple of this times the threads. */
BITLOOM_API bitloom_status bitloom_program_images_in_flight(const bitloom_program* program, int64_t* images);

/** How many names of classes the model tells (often none: 0), and the name of the class of this index. */
BITLOOM_API bitloom_status bitloom_program_class_count(const bitloom_program* program, int64_t* count);
BITLOOM_API bitloom_status bitloom_program_class_name(const bitloom_program* program, int64_t index, const char** name);

/* ------------------------------------------------------------------------------------------------------------------------
 * Inputs and outputs
 *
 * A tensor of one image has height x width x channels elements (a flat one has height and width 1), all integers. In
 * memory the channel is fastest: [image][y][x][channel], without gaps.
 */

/** How many input tensors the network has, an input's name, and the shape of one image's tensor. */
BITLOOM_API bitloom_status bitloom_input_count(const bitloom_program* program, int64_t* count);
BITLOOM_API bitloom_status bitloom_input_name(const bitloom_program* program, int64_t index, const char** name);
BITLOOM_API bitloom_status bitloom_input_shape(const bitloom_program* program, int64_t index, int32_t* height,
                                               int32_t* width, int32_t* channels);

/** The smallest and the largest value that the input takes. It need not take all between: a bipolar input takes -1 and 1
    only. bitloom_run refuses others. */
BITLOOM_API bitloom_status bitloom_input_range(const bitloom_program* program, int64_t index, int32_t* lowest,
                                               int32_t* highest);

/** `is_real` becomes 1 if the model takes real numbers here, which bitloom_quantize turns into the input's integers; 0 if
    it takes integers. */
BITLOOM_API bitloom_status bitloom_input_is_real(const bitloom_program* program, int64_t index, int32_t* is_real);

/** The same of the output tensors. */
BITLOOM_API bitloom_status bitloom_output_count(const bitloom_program* program, int64_t* count);
BITLOOM_API bitloom_status bitloom_output_name(const bitloom_program* program, int64_t index, const char** name);
BITLOOM_API bitloom_status bitloom_output_shape(const bitloom_program* program, int64_t index, int32_t* height,
                                                int32_t* width, int32_t* channels);

/** Bounds of the values that a run can give. */
BITLOOM_API bitloom_status bitloom_output_range(const bitloom_program* program, int64_t index, int32_t* lowest,
                                                int32_t* highest);

/** What the integers of an output are. Later libraries may have further kinds. */
enum {
  BITLOOM_OUTPUT_INTEGERS = 0, /**< nothing but integers: a tensor inside a network that was cut, say */
  BITLOOM_OUTPUT_REALS = 1,    /**< they stand for real numbers: bitloom_output_scale */
  BITLOOM_OUTPUT_INDICES = 2   /**< indices of classes, the best first */
};
BITLOOM_API bitloom_status bitloom_output_kind(const bitloom_program* program, int64_t index, int32_t* kind);

/** The real numbers that the integers x of an output of kind BITLOOM_OUTPUT_REALS stand for: scale[channel] * x +
    offset[channel], in float64, the product and the sum each rounded. Fills both arrays; `channels` says how long they
    are, which must be the channels of the output's shape. Another kind of output is an error. */
BITLOOM_API bitloom_status bitloom_output_scale(const bitloom_program* program, int64_t index, double* scale,
                                                double* offset, int64_t channels);

/* ------------------------------------------------------------------------------------------------------------------------
 * Runs
 */

/** The memory that a caller's runs need, and its threads. */
typedef struct bitloom_workspace bitloom_workspace;

/** Makes a workspace for runs of this program, and of no other. Allocates all that they need. */
BITLOOM_API bitloom_status bitloom_workspace_create(const bitloom_program* program, bitloom_workspace** workspace);

/** Frees a workspace, which no run may be using. */
BITLOOM_API void bitloom_workspace_free(bitloom_workspace* workspace);

/** The type of an input's elements in memory. Any may hold any input whose values fit. There is no type 0. */
enum { BITLOOM_INT32 = 1, BITLOOM_UINT8 = 2, BITLOOM_INT8 = 3 };

/** One input tensor of a batch. */
typedef struct bitloom_input {
  const void* data; /**< `count` elements of the type, aligned as that type is; may be NULL if there are none */
  int64_t count;    /**< elements, of all images together */
  int32_t type;     /**< BITLOOM_INT32, BITLOOM_UINT8 or BITLOOM_INT8 */
  int32_t reserved; /**< 0 */
} bitloom_input;

/** Room for one output tensor of a batch. */
typedef struct bitloom_output {
  int32_t* data; /**< `count` integers; may be NULL if there are none */
  int64_t count; /**< of all images together */
} bitloom_output;

/** Computes the outputs of a batch of `images` images (0 to 2^32), bit for bit what the network is defined to give. One
    entry of `inputs` an input of the program, one of `outputs` an output, in order, each of images * height * width *
    channels elements. Outputs must not overlap each other or an input. Allocates nothing.

    An error, with nothing written: another number of inputs, outputs or elements; a type that there is not; data that is
    not aligned; a value that the input does not take; a workspace of another program, or one that is in use by another
    thread. */
BITLOOM_API bitloom_status bitloom_run(const bitloom_program* program, bitloom_workspace* workspace, int64_t images,
                                       const bitloom_input* inputs, int64_t input_count, const bitloom_output* outputs,
                                       int64_t output_count);

/** The index of the class that each image was recognized as, from the outputs that a run of `images` images filled: the
    last output of kind BITLOOM_OUTPUT_INDICES if there is one, else the largest real number of the last flat output of
    kind BITLOOM_OUTPUT_REALS, ties to the lower index. `classes` holds `images` integers. An error if the network has no
    such output, or as for bitloom_run. */
BITLOOM_API bitloom_status bitloom_predicted_classes(const bitloom_program* program, int64_t images,
                                                     const bitloom_output* outputs, int64_t output_count, int32_t* classes);

/** Turns real numbers into integers of an input for which bitloom_input_is_real says 1, as the model's own first quantizer
    does. `reals` and `values` hold `count` numbers each, any number of whole images. An error for other inputs. */
BITLOOM_API bitloom_status bitloom_quantize(const bitloom_program* program, int64_t index, const float* reals,
                                            int64_t count, int32_t* values);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* BITLOOM_H_ */
