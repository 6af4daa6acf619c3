// SPDX-License-Identifier: Apache-2.0
//
// The value of an element times Scale, in two's complement of OutBits; combinational. A plain element (Plain = 1) is a two's
// complement number. Another is a code of bit planes: Bias + the sum of Coefs[p] where bit p is 1 (Coefs: 32 bits, signed, a
// plane).
`default_nettype none

module bitloom_decode #(
  parameter int Bits = 1,
  parameter int Plain = 0,
  parameter logic [32*Bits-1:0] Coefs = {Bits{32'd1}},
  parameter int Bias = 0,
  parameter int Scale = 1,
  parameter int OutBits = 8
) (
  input  logic [Bits-1:0]    code_i,
  output logic [OutBits-1:0] value_o
);
  if (Bits < 1 || OutBits < 1) $error("bitloom_decode: Bits and OutBits must be at least 1");

  // Coefficients m, 2m, 4m ... are those of a number times m, which is one product instead of a sum.
  function automatic int binary(input int bits);
    int p;
    binary = 1;
    for (p = 1; p < bits; p = p + 1) if (Coefs[32*p+:32] != (Coefs[31:0] << p)) binary = 0;
  endfunction
  localparam int Factor = 32'(Coefs[31:0]) * Scale;

  if (Plain != 0) begin : gen_plain
    logic signed [OutBits-1:0] code;
    assign code = OutBits'($signed(code_i));
    assign value_o = code * OutBits'(Scale);
  end else if (binary(Bits) != 0) begin : gen_number
    assign value_o = OutBits'(Bias * Scale) + OutBits'(code_i) * OutBits'(Factor);
  end else begin : gen_planes
    always_comb begin
      value_o = OutBits'(Bias * Scale);
      for (int p = 0; p < Bits; p++) if (code_i[p]) value_o = value_o + OutBits'(32'(Coefs[32*p+:32]) * Scale);
    end
  end
endmodule

`default_nettype wire
