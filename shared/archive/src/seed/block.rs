//! One declaration for each block of a seed: its fields are its keys, in the order in which they
//! are written, and the writer and the reader are made from them.

/// Declares a block: a struct, how it is written and how it is read. The keys must be in code
/// point order, which a test checks.
macro_rules! block {
    (
        $(#[$meta:meta])*
        $name:ident {
            $( $(#[$field_meta:meta])* $key:literal $field:ident: $kind:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $kind, )*
        }

        impl $name {
            pub(super) const KEYS: &'static [&'static str] = &[$($key),*];
        }

        impl Node for $name {
            fn write<W: Write>(&self, printer: &mut Printer<W>) -> io::Result<()> {
                printer.open(b'{');
                $( self.$field.write_member($key, printer)?; )*
                printer.close(b'}')
            }

            fn read(scanner: &mut Scanner<'_>) -> Result<Self, ReadError> {
                $( let mut $field: Option<$kind> = None; )*
                read_object(scanner, Self::KEYS, &mut |scanner, key| {
                    match key {
                        $( $key => $field = Some(Node::read(scanner)?), )*
                        _ => {}
                    }
                    Ok(())
                })?;
                Ok(Self { $( $field: required(scanner, $key, $field)?, )* })
            }
        }
    };
}

pub(super) use block;
