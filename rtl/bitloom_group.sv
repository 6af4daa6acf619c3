// SPDX-License-Identifier: Apache-2.0
//
// A counter of bits on one short carry chain: group_i (Size bits), add_i[0] and carry_i of weight 1, add_i[1] of weight 2 and,
// with Size 5, add_i[2] of weight 4; combinational. Nine bits become four that way with three LUT6, seven become three.
//
// The chain adds add_i to the count of the group. A carry chain takes one of its operands beside the LUT that looks at both, so
// that LUT has five inputs left for the group, and a bit at the carry's input costs nothing.
//
// Written as a - ~b, which is a + b + 1: of a sum Yosys takes either operand past the LUTs, of a difference the left one. The 1
// makes carry_i the carry: as a's bit below the lowest, with a 0 in b, it adds up to two only if it is set.
//
// Clock: a LUT level and a carry chain of Size/2 + 2 bits.
`default_nettype none

module bitloom_group #(
  parameter int Size = 5,  // 3 or 5
  parameter int SumBits = Size / 2 + 2
) (
  input  logic [Size-1:0]   group_i,
  input  logic [Size/2:0]   add_i,
  input  logic              carry_i,
  output logic [SumBits-1:0] sum_o
);
  if (Size != 3 && Size != 5) $error("bitloom_group: Size is 3 or 5");
  if (SumBits != Size / 2 + 2) $error("bitloom_group: SumBits follows from Size");

  logic [2:0] count;
  logic below;
  bitloom_ones #(.Width(Size)) u_ones (
    .bits_i (group_i),
    .count_o(count)
  );
  assign {sum_o, below} = {1'b0, add_i, carry_i} - ~{1'b0, count[Size/2:0], 1'b0};
  logic unused;
  assign unused = &{1'b0, count, below};
endmodule

`default_nettype wire
