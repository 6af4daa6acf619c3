// SPDX-License-Identifier: Apache-2.0
//
// The sum of the values of each pool and channel (average pooling; the divisor belongs into the thresholds that follow), in
// two's complement of OutBits, which must hold it. How an element stands for its value, see bitloom_decode. Pools do not
// overlap, and what they leave over at the right and lower border is dropped; a pool of the whole picture is legal.
//
// Partial sums of a row of pools are kept (OutW*Channels/Lanes words of LUT RAM).
// Throughput: a word of input a cycle, so InH*InW*Channels/Lanes cycles a picture. Latency: an output word appears the cycle
// after the last word of its pool was taken. Ready goes through gates from the output to the input.
// Clock: the read of the memory, a carry chain of OutBits and the memory's write.
`default_nettype none

module bitloom_sum_pool #(
  parameter int Channels = 8,
  parameter int Lanes = 8,
  parameter int Bits = 1,
  parameter int Plain = 0,
  parameter logic [32*Bits-1:0] Coefs = {Bits{32'd1}},
  parameter int Bias = 0,
  parameter int InH = 4,
  parameter int InW = 4,
  parameter int KernelH = 2,
  parameter int KernelW = 2,
  parameter int OutBits = 8
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [Lanes*Bits-1:0]    in_data_i,
  input  logic                     in_valid_i,
  output logic                     in_ready_o,
  output logic [Lanes*OutBits-1:0] out_data_o,
  output logic                     out_valid_o,
  input  logic                     out_ready_i
);
  if (Lanes < 1 || Channels % Lanes != 0) $error("bitloom_sum_pool: Lanes must divide Channels");
  if (KernelH > InH || KernelW > InW) $error("bitloom_sum_pool: the kernel must fit the picture");

  localparam int Words = Channels / Lanes;
  localparam int Depth = (InW / KernelW) * Words;
  localparam int AddrBits = (Depth > 1) ? $clog2(Depth) : 1;

  logic [AddrBits-1:0] addr;
  logic first, last, keep, step, out_valid_q;
  assign in_ready_o = !(keep && last && out_valid_q && !out_ready_i);
  assign step = in_valid_i && in_ready_o;
  bitloom_pool_steps #(
    .Words(Words), .InH(InH), .InW(InW), .KernelH(KernelH), .KernelW(KernelW)
  ) u_steps (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .step_i (step),
    .addr_o (addr),
    .first_o(first),
    .last_o (last),
    .keep_o (keep)
  );

  (* ram_style = "distributed" *) logic [Lanes*OutBits-1:0] partial [Depth];
  logic [Lanes*OutBits-1:0] kept, sums;
  assign kept = partial[addr];
  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic [OutBits-1:0] value;
    bitloom_decode #(
      .Bits(Bits), .Plain(Plain), .Coefs(Coefs), .Bias(Bias), .OutBits(OutBits)
    ) u_decode (
      .code_i (in_data_i[i*Bits+:Bits]),
      .value_o(value)
    );
    assign sums[i*OutBits+:OutBits] = (first ? '0 : kept[i*OutBits+:OutBits]) + value;
  end
  always_ff @(posedge clk_i) begin
    if (step && keep) partial[addr] <= sums;
    if (step && keep && last) out_data_o <= sums;
    if (!rst_ni) out_valid_q <= 1'b0;
    else if (step && keep && last) out_valid_q <= 1'b1;
    else if (out_ready_i) out_valid_q <= 1'b0;
  end
  assign out_valid_o = out_valid_q;
endmodule

`default_nettype wire
