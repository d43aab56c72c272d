//! One suite for every kind of root: what holds for a folder holds for memory and for a real S3 server.
//!
//! A case is a function of a backend; `suite!` makes a test of each case for each backend.

mod backend;
mod crash;
mod damage;
mod faults;
mod getting;
mod golden;
mod naming;
mod property;
mod proxy;
mod putting;
mod seaweed;
mod server;
mod sweeping;
mod trees;

/// Tests of every case for one backend.
macro_rules! suite {
    ($backend:ident) => {
        mod $backend {
            suite!(@cases $backend putting:
                contents_of_every_length_come_back
                what_is_there_is_not_stored_again
                an_edit_adds_little
                what_compresses_takes_less_and_noise_does_not
                a_put_tells_how_far_it_is
                content_over_the_limit_is_refused_with_both_numbers
                a_reader_that_fails_leaves_nothing_to_find
                a_file_that_is_written_to_is_refused
                two_puts_of_the_same_content_at_once_are_one_blob
            );
            suite!(@cases $backend getting:
                ranges_are_slices
                a_range_fetches_only_the_chunks_it_needs
                readers_seek_like_files
                a_reader_gives_everything_before_a_chunk_that_is_gone
                a_file_is_got_whole_and_goes_on_where_it_was
                metadata_tells_lengths_and_chunks
                async_twins_do_the_same
            );
            suite!(@cases $backend damage:
                a_flipped_bit_is_found_and_its_chunk_named
                missing_and_short_objects_are_found
                a_manifest_that_was_tampered_with_is_found
                a_blob_is_repaired_from_another_root
                a_missing_blob_is_named
            );
            suite!(@cases $backend sweeping:
                a_sweep_frees_exactly_what_nothing_needs
                a_list_has_every_blob_once
                a_sweep_waits_for_puts_and_gives_up_in_time
                a_root_of_two_stores_is_not_swept
                chunks_of_a_put_that_was_given_up_are_freed
                a_purged_blob_takes_only_its_own_chunks
            );
            suite!(@cases $backend trees:
                a_folder_comes_back_and_its_digest_is_of_its_content
                lists_with_names_that_leave_are_refused
                nothing_is_written_through_a_link
            );
        }
    };
    (@cases $backend:ident $module:ident: $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                crate::$module::$case(&crate::backend::$backend());
            }
        )*
    };
}

suite!(folder);
suite!(memory);
suite!(s3);
